"""Statistics of a cohort, as pure functions of arrays."""

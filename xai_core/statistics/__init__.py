"""Statistics of a cohort: pure functions of arrays, which know neither rows nor files."""

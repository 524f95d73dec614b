"""Statistics of readers, as a reader study measures them: pure functions of arrays."""

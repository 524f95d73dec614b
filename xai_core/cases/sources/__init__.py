"""Sources of cases, one file per kind of source."""

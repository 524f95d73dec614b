"""The Compare page: maps of every method and layer side by side, and a figure sheet for print."""

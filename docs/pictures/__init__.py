"""The README's pictures, taken of the running dashboard: ``make pictures``."""

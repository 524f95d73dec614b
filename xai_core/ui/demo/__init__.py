"""The tour for a presenter: one idea per file."""

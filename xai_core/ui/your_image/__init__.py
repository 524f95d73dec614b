"""The page for a picture of one's own: one idea per file."""

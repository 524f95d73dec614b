"""Blind reading: look, mark, answer; then the truth; then the model.  One idea per file."""

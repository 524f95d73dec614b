"""Blind reading: the reader marks and answers, then sees the truth, then the model."""

"""Fit the classifier on generated phantoms: data, dense heads, loop, export."""

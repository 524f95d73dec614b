"""Realism: quantities of phantoms compared with those of real images."""

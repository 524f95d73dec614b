"""Helpers that several tests import: networks, sources, peers."""

"""Readers of annotation tables and of files with hand-drawn regions."""

"""Preparation of a case's pixels: breast segmentation, letterboxing, digests of images."""

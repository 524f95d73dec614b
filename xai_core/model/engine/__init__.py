"""Engines that score batches of images: the PyTorch reference, and faster ones that match it."""

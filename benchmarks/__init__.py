"""Benchmarks of speed against public implementations, with results compared: ``make bench``."""

from xai_core.model import torchvision_shim

torchvision_shim.install()  # the other implementations import torchvision

"""How fast explaining is, beside public peers, with the answers compared: ``make bench``."""

from xai_core.model import torchvision_shim

torchvision_shim.install()  # the peers import torchvision: see there

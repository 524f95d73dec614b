"""Random networks whose logits depend on their input."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from xai_core.model.initialisation import fan_in_initialise

Network = TypeVar("Network", bound=nn.Module)


def wide_random(network: Network) -> Network:
    """``network`` with random weights as wide as the fan-in allows, to be evaluated only.

    timm's own initialisation hardly tells images apart.  What is drawn follows torch's seed.
    """
    fan_in_initialise(network)
    return network.eval().requires_grad_(False)


def small_convnext(depths: tuple[int, int, int, int]) -> nn.Module:
    """A narrow random ConvNeXt V2 with two classes: stages of 8, 16, 24 and 32 channels.

    For inputs of 96, Stage 3 is 24 x 6 x 6 and Stage 4 is 32 x 3 x 3.
    """
    from timm.models.convnext import ConvNeXt  # after the shim that tests/conftest.py installs

    torch.manual_seed(0)
    return wide_random(
        ConvNeXt(
            num_classes=2, depths=depths, dims=(8, 16, 24, 32), use_grn=True, ls_init_value=None
        )
    )

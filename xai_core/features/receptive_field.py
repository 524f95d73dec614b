"""How much of the picture a position of a block's output answers to.

In theory all of it: the 7 x 7 kernels of nine and more blocks reach further than the input, and
global response normalisation looks at every position.  In effect the answer falls off quickly: Luo
et al., "Understanding the effective receptive field in deep convolutional neural networks", NeurIPS
2016.  The side is measured here as that of the square about a position which holds half of the
gradient's magnitude on the input.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from xai_core.features.blocks import Block, modules_until
from xai_core.model.classifier import Classifier

HALF = 0.5
_SEED = 0


def effective_side(
    classifier: Classifier, inputs: Tensor, block: Block, share: float = HALF
) -> float:
    """The side, in network px, of the square about the middle position of ``block`` that holds
    ``share`` of the gradient of its channels, added with random signs, with respect to one image's
    inputs (1, 3, S, S)."""
    network = cast(Any, classifier.network)
    signs = torch.randn(block.channels, generator=torch.Generator().manual_seed(_SEED)).sign()
    with torch.enable_grad():
        # A copy: autograd refuses tensors of inference mode.
        start = inputs.to(classifier.device).detach().clone().requires_grad_(True)
        x = network.stem(start.to(memory_format=torch.channels_last))
        for _, module in modules_until(network, block):
            x = module(x)
        middle = x.shape[-1] // 2
        total = (x[0, :, middle, middle] * signs.to(x)).sum()
        (gradient,) = torch.autograd.grad(total, start)
    weight = gradient[0].abs().sum(0).double().cpu().numpy()
    return side_holding(weight, (middle + 0.5) * weight.shape[0] / block.side, share)


def side_holding(weight: np.ndarray[Any, Any], centre: float, share: float) -> float:
    """The side of the smallest square, with its middle at (``centre``, ``centre``) in px, whose
    pixels have ``share`` of all of ``weight`` (S, S), at least 0; S where there is no weight."""
    size = len(weight)
    offset = np.abs(np.arange(size) + 0.5 - centre)
    radius = np.maximum(offset[:, None], offset[None, :]).ravel()
    order = np.argsort(radius, kind="stable")
    held = np.cumsum(weight.ravel()[order])
    if not held[-1] > 0:
        return float(size)
    last = radius[order][np.searchsorted(held, share * held[-1])]
    return float(min(size, 2 * last + 1))

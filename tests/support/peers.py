"""Independent implementations of the methods, for comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from xai_core.types import FloatArray


def pytorch_grad_cam_maps(
    method: Any, network: nn.Module, x: Tensor, layer: str, target: int
) -> tuple[FloatArray, FloatArray]:
    """What pytorch-grad-cam's ``method`` answers: the signed map (h, w) at the layer's resolution,
    and its final map (S, S) in [0, 1]."""
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with method(network, [network.get_submodule(layer)]) as peer:
        final = peer(x[None].clone().requires_grad_(True), [ClassifierOutputTarget(target)])[0]
        caught = peer.activations_and_grads
        activation = caught.activations[0].numpy()
        gradient = caught.gradients[0].numpy() if caught.gradients else None
        raw_map = peer.get_cam_image(x[None], None, None, activation, gradient, False)[0]
    return np.asarray(raw_map), np.asarray(final)


def assert_same_map(ours: FloatArray, theirs: FloatArray, rtol: float = 1e-5) -> None:
    """Equal to ``rtol`` of the largest magnitude, and not both 0."""
    largest = float(np.abs(theirs).max())
    assert largest > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rtol * largest)

"""From a signed map at the layer's resolution to values in [0, 1] on the network's input grid."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from xai_core.errors import ModelError
from xai_core.types import FloatArray, Heatmap, MapState

CONSTANT_RTOL = 1e-6
"""A map whose range is at most this share of its largest magnitude counts as constant: in float32
such differences between positions are rounding error."""

NEARLY_EMPTY_SHARE = 0.03
"""A raw map that is positive in at most this share of its cells counts as nearly empty: 4 of the
144 cells of Stage 4, 17 of the 576 of Stage 3 at an input of 384."""

HEATMAP_CONVENTIONS = {
    "relu": "before upsampling",
    "upsampling": "bilinear, align_corners=False",
    "normalisation": "min-max after upsampling",
}
"""What :func:`heatmap` does, for the conventions of methods that end with it."""


def upsample(maps: Tensor, size: int, align_corners: bool = False) -> Tensor:
    """Bilinear interpolation of maps (n, h, w) to (n, size, size)."""
    return torch.nn.functional.interpolate(
        maps.unsqueeze(1), (size, size), mode="bilinear", align_corners=align_corners
    ).squeeze(1)


def is_constant(maps: Tensor) -> Tensor:
    """Which of the maps (n, h, w) are constant (see CONSTANT_RTOL): bool (n,)."""
    flat = maps.flatten(1)
    spread = flat.amax(1) - flat.amin(1)
    return spread <= CONSTANT_RTOL * flat.abs().amax(1)


def min_max(maps: Tensor) -> Tensor:
    """Min-max normalisation of each map of (n, h, w) to [0, 1]; a constant map becomes 0."""
    low = maps.amin((-2, -1), keepdim=True)
    spread = maps.amax((-2, -1), keepdim=True) - low
    return torch.where(spread > 0, (maps - low) / spread, torch.zeros_like(maps))


def empty(raw: FloatArray, size: int, state: MapState) -> Heatmap:
    """A map of zeros with a ``state`` that says why there is nothing to show."""
    return Heatmap(raw, np.zeros((size, size), np.float32), 0.0, state)


def check_finite(maps: Tensor) -> None:
    """Refuse maps or activations, of any shape, that hold NaN or infinity.

    Raises:
        ModelError: they do.
    """
    if not bool(torch.isfinite(maps).all()):
        raise ModelError(
            "The activation map holds values that are not finite numbers; "
            "the weights or the image are damaged."
        )


def heatmap(raw: Tensor, size: int) -> Heatmap:
    """ReLU, then bilinear upsampling (``align_corners=False``), then min-max.

    Args:
        raw: signed map at the layer's resolution, (h, w).
        size: side of the network's input, S.

    Returns:
        ``values`` (S, S) in [0, 1]; ``scale`` is the maximum of the upsampled map before min-max,
        in the units of ``raw``.  State CONSTANT where all positions of ``raw`` are equal,
        NO_POSITIVE where none is above 0; then ``values`` and ``scale`` are 0.  NEARLY_EMPTY where
        few are, see NEARLY_EMPTY_SHARE.

    Raises:
        ModelError: ``raw`` holds NaN or infinity.
    """
    check_finite(raw)
    raw_map = raw.detach().float().cpu().numpy()
    if bool(is_constant(raw[None])[0]):
        return empty(raw_map, size, MapState.CONSTANT)
    if float(raw.max()) <= 0:
        return empty(raw_map, size, MapState.NO_POSITIVE)
    # In float64: float32 arithmetic differs between processors in its last bit, which can change
    # the pixels that an area level keeps; scores cached on another machine would not be found.
    upsampled = upsample(torch.relu(raw)[None].double(), size)
    values = min_max(upsampled)[0].float().cpu().numpy()
    nearly_empty = float((raw_map > 0).mean()) <= NEARLY_EMPTY_SHARE
    state = MapState.NEARLY_EMPTY if nearly_empty else MapState.OK
    return Heatmap(raw_map, values, float(upsampled.max()), state)

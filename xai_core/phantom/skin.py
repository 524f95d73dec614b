"""Correction of a picture to a given skin profile, the mean grey by depth under the skin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.tissue import Background
from xai_core.types import FloatArray


class Depths(Protocol):
    """What a correction by depth needs of a background: ``depth`` px under the skin, (H, W), and
    px per px of a 512 px high picture."""

    @property
    def depth(self) -> FloatArray: ...
    @property
    def scale(self) -> float: ...


_FADE = 40  # px of a 512 px high picture over which a correction fades out


def profile_correction(
    grey: FloatArray, background: Depths, depths: Sequence[int], profile: NDArray[np.float64]
) -> FloatArray:
    """A correction by depth, float32 (2, n): a factor, and grey to add afterwards, at the depths 0,
    1, 2, ... px of a 512 px high picture; the last column is the identity.

    It changes the mean profile of ``grey`` to ``profile`` at ``depths``, and fades out below the
    last depth.

    ``grey``: normal tissue, float32 (H, W), so that lesions do not affect the correction.
    """
    h = grey.shape[0]
    middle = slice(int(0.4 * h), int(0.6 * h))
    last = depths[-1]
    depth = background.depth[middle] / background.scale - 1
    near = (depth > -0.99) & (depth < last + 0.5)
    bins = np.rint(depth[near]).astype(int).clip(0, last)
    count = np.bincount(bins, minlength=last + 1)
    mean = np.bincount(bins, grey[middle][near], minlength=last + 1) / np.maximum(count, 1)
    wanted = np.exp(np.interp(np.arange(last + 1), depths, np.log(np.maximum(profile, 0.5))))
    change = np.where(count > 0, wanted - mean, 0)
    # Darkening by a factor: subtraction would turn fat black.
    factor = np.where(change < 0, 1 + change / np.maximum(mean, 1), 1)
    deep = np.arange(last + 1) > 6
    factor = np.where(deep, np.maximum(factor, 0.5), factor)
    change = np.where(deep, np.minimum(change, 0.9 * mean), change)
    # Below the skin itself the correction changes slowly, so that no ring appears.
    smooth = ndi.gaussian_filter1d(np.stack([factor, np.maximum(change, 0)]), 4.0, mode="nearest")
    share = np.clip((np.arange(last + 1) - 2) / 6, 0, 1)
    factor = factor * (1 - share) + smooth[0] * share
    change = np.maximum(change, 0) * (1 - share) + smooth[1] * share
    deeper = np.linspace(1, 0, _FADE)
    table = np.array(
        [
            np.r_[factor, 1 + (factor[-1] - 1) * deeper],
            np.r_[change, change[-1] * deeper],
        ]
    )
    return table.astype(np.float32)


def corrected(grey: FloatArray, background: Depths, correction: FloatArray) -> FloatArray:
    """``grey`` with the correction applied, float32 (H, W)."""
    at = (background.depth * np.float32(1 / background.scale) - 1).clip(
        0, correction.shape[1] - 1.01
    )
    below = at.astype(np.int32)
    part = at - below
    factor, added = (row[below] * (1 - part) + row[below + 1] * part for row in correction)
    return np.asarray(grey * factor + added, dtype=np.float32)


def faded_ends(rng: np.random.Generator, background: Background, most: float) -> FloatArray:
    """A factor in [0, 1], float32 (H, 1): thin tissue gets darker towards the picture's upper and
    lower end, by up to ``most``."""
    h = background.breast.shape[0]
    rows = np.arange(h, dtype=np.float32)[:, None] / h
    factor = np.ones_like(rows)
    strength = most * rng.beta(0.9, 0.8)
    for far in (rows, 1 - rows):
        reach = rng.uniform(0.01, 0.13) * rng.uniform(0.4, 1)
        factor -= strength * rng.uniform(0.6, 1) * np.exp(-((far / reach) ** 2))
    return np.asarray(factor.clip(0, 1), dtype=np.float32)

"""Correction of a picture to a given skin profile, the mean grey by depth under the skin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xai_core.phantom.tissue import Background
from xai_core.types import FloatArray

_FADE = 40  # px of a 512 px high picture over which a correction fades out


def profile_correction(
    grey: FloatArray, background: Background, depths: Sequence[int], profile: NDArray[np.float64]
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
    deeper = np.linspace(1, 0, _FADE)
    table = np.array(
        [
            np.r_[factor, 1 + (factor[-1] - 1) * deeper],
            np.r_[np.maximum(change, 0), max(change[-1], 0) * deeper],
        ]
    )
    return table.astype(np.float32)


def corrected(grey: FloatArray, background: Background, correction: FloatArray) -> FloatArray:
    """``grey`` with the correction applied, float32 (H, W)."""
    depth = (background.depth * (1 / background.scale)).astype(np.int16) - 1
    index = depth.clip(0, correction.shape[1] - 1)
    return np.asarray(grey * correction[0][index] + correction[1][index], dtype=np.float32)


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

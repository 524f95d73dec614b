"""Masks of the highest-ranking pixels of a map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from xai_core.types import BoolArray, FloatArray


def top_masks(values: FloatArray, percents: Sequence[float]) -> list[BoolArray]:
    """For each percent, the pixels whose value is at least the one ranked ceil(percent / 100 * N).

    All pixels tied with the threshold are included, so more than ``percent`` may be kept; where the
    threshold is the lowest value the mask is the whole image.

    Args:
        values: (H, W).
        percents: each in (0, 100].
    """
    # One sort for all levels: a selection per level takes longer, above all where many values tie.
    ascending = np.sort(values, axis=None)
    # 1e-9 absorbs rounding: 7 % of 100 pixels is 7 of them.
    ranks = [max(1, math.ceil(percent * values.size / 100 - 1e-9)) for percent in percents]
    return [np.asarray(values >= ascending[values.size - rank]) for rank in ranks]

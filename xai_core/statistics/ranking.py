"""The pixels that rank highest in a map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from xai_core.types import BoolArray, FloatArray


def top_masks(values: FloatArray, percents: Sequence[float]) -> list[BoolArray]:
    """For each percent, the pixels at least the value ranked ceil(percent / 100 * N).

    Pixels tied with the threshold stay together, so more than ``percent`` may be kept; where the
    threshold is the lowest value the mask is the whole image.

    Args:
        values: (H, W).
        percents: each in (0, 100].
    """
    # Sorted once for all: a selection for each level takes longer, most of all where many are 0.
    ascending = np.sort(values, axis=None)
    # 1e-9: 7 % of 100 pixels is 7 of them, whatever the last bit of the product says
    ranks = [max(1, math.ceil(percent * values.size / 100 - 1e-9)) for percent in percents]
    return [np.asarray(values >= ascending[values.size - rank]) for rank in ranks]

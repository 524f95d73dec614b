"""Segmentation of the breast: the largest connected region brighter than air."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.types import BoolArray, FloatArray

AIR_GREY_LEVELS = 5.5
"""Air in an 8-bit release image stays below 5 grey levels; skin starts above."""
AIR = AIR_GREY_LEVELS / 255
"""The same threshold for images in [0, 1]."""


def largest_region(inside: BoolArray) -> BoolArray:
    """The largest connected region of ``inside`` (H, W), 4-connected: bool (H, W).

    The first in row-major order where two are equally large; all False where ``inside`` is.
    """
    regions, n = ndi.label(inside)
    if n == 0:
        return np.zeros(inside.shape, bool)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    return np.asarray(regions == sizes.argmax(), dtype=np.bool_)


def breast_mask(image: FloatArray, air: float = AIR) -> BoolArray:
    """The largest connected region above air, holes filled: bool (H, W); all False where no pixel
    is above air.

    Args:
        image: float32 (H, W), in [0, 1] unless ``air`` is given in another range.
        air: the highest value of air, in the units of ``image``.
    """
    return np.asarray(ndi.binary_fill_holes(largest_region(image > air)), dtype=np.bool_)


def bounding_box(mask: BoolArray) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of the True pixels of ``mask`` (H, W), ends exclusive; all 0 where there are
    none."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def breast_box(image: FloatArray) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of the largest connected region above air, ends exclusive.

    The whole picture where that box covers less than 1 % of it.

    ``image``: float32 (H, W) in [0, 1].
    """
    h, w = image.shape
    x0, y0, x1, y1 = bounding_box(largest_region(image > AIR))
    # A box below 1 % of the picture cannot be a breast: use the whole picture instead.
    if (x1 - x0) * (y1 - y0) < 0.01 * h * w:
        return 0, 0, w, h
    return x0, y0, x1, y1

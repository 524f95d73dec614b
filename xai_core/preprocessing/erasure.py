"""Erasing marked lesions from a picture: what would stand there if the lesion did not.

In place of a lesion, the brightness comes from the surrounding tissue and the texture from another
part of the same breast.  Training shows such pictures as not malignant; the pointing game tells how
many of them a model still calls malignant.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.preprocessing.breast import largest_region
from xai_core.types import BoolArray, FloatArray

AIR = 0.03  # grey in [0, 1] up to which a pixel is air
_HEIGHT = 512  # px; the lengths below are for a picture of this height
# Standard deviations of Gaussians, px: structures finer than _COARSE count as texture; brightness
# is filled in from the surroundings within _WIDE; the filling is blended in over _BLEND.
_COARSE, _WIDE, _BLEND = 6.0, 28.0, 3.0
_GROWN = 6  # px by which the marked area is grown, since outlines are drawn close to the lesion
_ROWS, _COLUMNS = (-160, -80, 0, 80, 160), (-120, -60, 60, 120)  # shifts of the texture, px


def breast_region(grey: FloatArray) -> BoolArray:
    """The breast in ``grey`` (float32 (H, W) in [0, 1]): the largest region above air, holes
    filled."""
    return largest_region(np.asarray(ndi.binary_fill_holes(grey > AIR)))


def erased(grey: FloatArray, marked: BoolArray, breast: BoolArray) -> FloatArray:
    """``grey`` with the ``marked`` lesions erased, float32 (H, W) in [0, 1].

    ``grey``: float32 (H, W) in [0, 1].  ``marked``, ``breast``: bool (H, W).  Without a marked
    pixel on the breast, ``grey`` itself.
    """
    if not (marked & breast).any():
        return grey
    scale = grey.shape[0] / _HEIGHT
    gone = grown(marked, scale) & breast
    known = (breast & ~gone).astype(np.float32)
    texture = (grey - ndi.gaussian_filter(grey, _COARSE * scale)) * known
    weight = ndi.gaussian_filter(known, _WIDE * scale) + 1e-4
    filling = ndi.gaussian_filter(grey * known, _WIDE * scale) + 1e-4 * grey[breast].mean()
    # The shift that covers most of the lesion with unmarked tissue.
    shifts = [(round(y * scale), round(x * scale)) for y in _ROWS for x in _COLUMNS]
    best = max(shifts, key=lambda s: float((np.roll(known, s, (0, 1)) * gone).sum()))
    filling = filling / weight + np.roll(texture, best, (0, 1))
    soft = ndi.gaussian_filter(gone.astype(np.float32), _BLEND * scale)
    return np.asarray((grey * (1 - soft) + filling * soft).clip(0, 1), np.float32)


def grown(marked: BoolArray, scale: float) -> BoolArray:
    """The area that is erased for a mark: a few px more on all sides.  ``scale``: px per px of a
    512 px high picture."""
    return np.asarray(ndi.binary_dilation(marked, iterations=max(1, round(_GROWN * scale))))

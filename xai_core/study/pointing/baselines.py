"""What hits marked findings without knowing anything of them: chance, the centre, the brightest.

All on the network's grid, (S, S).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.preprocessing.breast import AIR_GREY_LEVELS, breast_mask
from xai_core.types import BoolArray, FloatArray

SIGMA_PX = 8.0  # of the smoothing before the brightest spot is looked for


@dataclass(frozen=True)
class Chance:
    """How likely a pixel drawn evenly from the breast is a hit: ``within`` the tolerance of a
    marked pixel, or ``inside`` what is marked.  Pixels of marks outside the breast do not count."""

    within: float
    inside: float


def breast_of(grey: FloatArray) -> BoolArray:
    """The largest region above air, holes filled; the whole square where there is none.

    ``grey``: float32 in [0, 1].
    """
    breast = breast_mask(grey * np.float32(255), air=AIR_GREY_LEVELS)
    return breast if breast.any() else np.ones_like(breast)


def chance(marked: BoolArray, breast: BoolArray) -> Chance:
    """The share of the breast that a hit may fall on.  ``marked`` is not empty."""
    near = ndimage.distance_transform_edt(~marked) <= TOLERANCE_PX
    return Chance(float(near[breast].mean()), float(marked[breast].mean()))


def centre(breast: BoolArray) -> FloatArray:
    """1 at the pixel nearest to the centroid of the breast's pixels, 0 elsewhere."""
    row, column = (round(float(index.mean())) for index in breast.nonzero())
    out = np.zeros(breast.shape, np.float32)
    out[row, column] = 1
    return out


def brightness(grey: FloatArray, breast: BoolArray) -> FloatArray:
    """The picture smoothed with a Gaussian of ``SIGMA_PX`` (edges mirrored), 0 outside the breast.

    ``grey``: float32 in [0, 1].
    """
    smooth = ndimage.gaussian_filter(grey, SIGMA_PX, mode="reflect")
    return np.where(breast, smooth, np.float32(0)).astype(np.float32)

"""The skin: how deep each pixel lies under it, and how bright the breast is at given depths.

The profile is taken in the middle fifth of the breast's height, where the edge faces away from the
chest wall in both views.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.study.realism.square import Square
from xai_core.types import FloatArray

DEPTHS = (0, 1, 3, 8, 15, 30, 59)  # px from the skin's edge
MIDDLE = (0.4, 0.6)  # of the height of the breast's box


def skin_depth(square: Square) -> FloatArray:
    """Pixels from the skin's edge, float32 (SIZE, SIZE): 0 at the outermost pixel of the breast.

    Only air beyond the breast makes an edge: neither the picture's border, where the breast goes
    on, nor black between the chest wall and the breast.  Infinite outside the breast, and
    everywhere in it where the picture shows no air.
    """
    rows, columns = square.shown
    breast = square.breast[:rows, :columns]
    beyond = ~breast & (np.cumsum(breast, axis=1) > 0)
    # Rows above and below the breast are air, unless the breast is cut off there by the border.
    beyond |= ~np.any(breast, axis=1, keepdims=True)
    out = np.full(square.breast.shape, np.inf, np.float32)
    if beyond.any():
        depth = ndi.distance_transform_edt(~beyond) - 1
        out[:rows, :columns] = np.where(breast, depth, np.inf)
    return out


def skin_profile(square: Square, depth: FloatArray) -> dict[int, float]:
    """Mean grey at each of ``DEPTHS``, half a pixel to either side; NaN where nothing is so deep.

    ``depth``: see :func:`skin_depth`.
    """
    _, y0, _, y1 = square.box
    first, last = (round(y0 + part * (y1 - y0)) for part in MIDDLE)
    grey, depth = square.grey[first:last], depth[first:last]
    found = {}
    for px in DEPTHS:
        there = np.abs(depth - px) < 0.5
        found[px] = float(grey[there].mean()) if there.any() else float("nan")
    return found

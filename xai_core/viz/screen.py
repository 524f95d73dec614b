"""The part of a case that is shown: what the network saw, and all that is marked."""

from __future__ import annotations

import numpy as np

from xai_core.model.geometry import Geometry
from xai_core.types import BoolArray

Box = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in the case's pixels, end exclusive."""


def shown_box(shape: tuple[int, int], geometry: Geometry, mask: BoolArray | None) -> Box:
    """The box to show of a case (H, W), with a margin."""
    x0, y0, x1, y1 = geometry.crop
    if mask is not None and mask.any():
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        x0, x1 = min(x0, int(columns[0])), max(x1, int(columns[-1]) + 1)
        y0, y1 = min(y0, int(rows[0])), max(y1, int(rows[-1]) + 1)
    margin = round(0.015 * max(x1 - x0, y1 - y0))
    return (
        max(0, x0 - margin),
        max(0, y0 - margin),
        min(shape[1], x1 + margin),
        min(shape[0], y1 + margin),
    )

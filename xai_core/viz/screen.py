"""A case on the screen: the breast's part of the picture, in the case's own proportions.

The map lies on the network's square; here it is laid back over the case, never the case squeezed
into the square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai_core.model.geometry import Geometry
from xai_core.types import BoolArray, FloatArray
from xai_core.viz.pictures import Box, cut, fit_size, resize, resize_mask


@dataclass(frozen=True)
class Screen:
    """``box``: the part of the case that is shown, in case pixels.  ``size``: (height, width) of
    the picture on the screen, in pixels."""

    box: Box
    size: tuple[int, int]

    def image(self, image: FloatArray) -> FloatArray:
        """A case's picture (H, W) as shown."""
        return resize(cut(image, self.box), self.size)

    def mask(self, mask: BoolArray) -> BoolArray:
        """A case's mask (H, W) as shown."""
        return resize_mask(cut(mask, self.box), self.size)

    def heat(self, values: FloatArray, geometry: Geometry) -> FloatArray:
        """A map on the network's grid as shown over the case; 0 outside what the network saw."""
        x0, y0, x1, y1 = self.box
        columns = x0 + (np.arange(self.size[1]) + 0.5) * (x1 - x0) / self.size[1]
        rows = y0 + (np.arange(self.size[0]) + 0.5) * (y1 - y0) / self.size[0]
        x, y = geometry.to_network(columns, rows)
        grid = np.meshgrid(y - 0.5, x - 0.5, indexing="ij")
        out = ndimage.map_coordinates(values, grid, order=1, mode="nearest")
        left, top, right, bottom = geometry.crop
        seen = ((rows >= top) & (rows < bottom))[:, None] & ((columns >= left) & (columns < right))
        return np.where(seen, out, 0).astype(np.float32)


def screen_of(
    shape: tuple[int, int], geometry: Geometry, mask: BoolArray | None, height: int, width: int
) -> Screen:
    """The screen for a case (H, W): what the network saw, and all that is marked, with a margin."""
    x0, y0, x1, y1 = geometry.crop
    if mask is not None and mask.any():
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        x0, x1 = min(x0, int(columns[0])), max(x1, int(columns[-1]) + 1)
        y0, y1 = min(y0, int(rows[0])), max(y1, int(rows[-1]) + 1)
    margin = round(0.015 * max(x1 - x0, y1 - y0))
    box = (
        max(0, x0 - margin),
        max(0, y0 - margin),
        min(shape[1], x1 + margin),
        min(shape[0], y1 + margin),
    )
    return Screen(box, fit_size((box[3] - box[1], box[2] - box[0]), height, width))

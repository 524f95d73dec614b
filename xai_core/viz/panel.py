"""One panel: a case's picture with its map over it, and the part of the case it shows.

The part of a case that is shown: what the network saw, and all that is marked.

One panel: a case's picture with its map over it, at any size, and its colour bar."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage as ndi

from xai_core.preprocessing.letterbox import Geometry
from xai_core.types import BoolArray, FloatArray
from xai_core.viz import style
from xai_core.viz.colormap import Rgb, colours
from xai_core.viz.pictures import overlay

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


OPACITY = style.OPACITY
"""How much of the image the highest heat hides, in [0, 1]; the viewer begins with the same."""


def height_for(box: Box, width: int, tallest: float = 1.6) -> int:
    """The height in pixels of a picture of ``box``, ``width`` px wide: at most ``tallest`` times
    its width, and at least half of it."""
    x0, y0, x1, y1 = box
    return round(width * min(tallest, max(0.5, (y1 - y0) / max(1, x1 - x0))))


def panel(
    image: FloatArray, geometry: Geometry, heat: FloatArray | None, box: Box, size: tuple[int, int]
) -> Rgb:
    """A case, and a map over it where there is one: uint8 (height, width, 3).

    The box is fitted into the picture with one scale; what is left over at its sides is black.

    Args:
        image: float32 (H, W) in [0, 1], native resolution.
        geometry: how the case lies in the network's square.
        heat: float32 (S, S) in [0, 1] on the network's grid; None shows the image alone.
        box: the part of the case to show, in its pixels.
        size: (width, height) of the picture in pixels.
    """
    width, height = size
    x0, y0, x1, y1 = box
    scale = min(width / (x1 - x0), height / (y1 - y0))
    w, h = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    small = Image.fromarray(image).resize((w, h), Image.Resampling.BICUBIC, box=box)
    grey = np.clip(np.asarray(small, dtype=np.float32), 0, 1)
    shown = np.zeros_like(grey) if heat is None else _sampled(heat, geometry, box, (w, h))
    out = np.zeros((height, width, 3), np.uint8)
    top, left = (height - h) // 2, (width - w) // 2
    out[top : top + h, left : left + w] = overlay(grey, shown, OPACITY)
    return out


def strip(width: int, height: int) -> Rgb:
    """The colour bar from no evidence (left) to the most (right): uint8 (height, width, 3)."""
    row = colours(np.linspace(0, 1, width, dtype=np.float32))
    return np.ascontiguousarray(np.broadcast_to(row, (height, width, 3)))


def on_strip(picture: Rgb, gap: int, height: int) -> Rgb:
    """A picture with its colour bar under it, ``gap`` black pixels between them."""
    width = picture.shape[1]
    between = np.zeros((gap, width, 3), np.uint8)
    return np.concatenate([picture, between, strip(width, height)])


def _sampled(heat: FloatArray, geometry: Geometry, box: Box, size: tuple[int, int]) -> FloatArray:
    """The map at the middle of each of the picture's pixels; 0 where the network saw nothing."""
    x0, y0, x1, y1 = box
    x = x0 + (np.arange(size[0]) + 0.5) * (x1 - x0) / size[0]
    y = y0 + (np.arange(size[1]) + 0.5) * (y1 - y0) / size[1]
    u, v = geometry.to_network(x, y)
    grid = np.meshgrid(v - 0.5, u - 0.5, indexing="ij")
    values = ndi.map_coordinates(heat, grid, order=1, mode="nearest").astype(np.float32)
    left, top, right, bottom = geometry.crop
    inside = ((y >= top) & (y < bottom))[:, None] & ((x >= left) & (x < right))[None]
    return np.where(inside, values, np.float32(0))

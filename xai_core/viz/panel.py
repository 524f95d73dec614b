"""A panel: a case's image with its map over it, at any size, and its colour bar.

The part of the case that is shown is what the network sees and all marked findings.
"""

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
    """The part of a case that is shown: the network's crop and the mask, with a margin.

    Args:
        shape: (H, W) of the case's image.
        geometry: how the case lies in the network's square.
        mask: of the marked findings, bool (H, W); None if there are none.
    """
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
"""Opacity of the colour at the map's maximum, in [0, 1]; also the viewer's default."""


def height_for(box: Box, width: int, tallest: float = 1.6) -> int:
    """The height in pixels of a picture of ``box`` that is ``width`` px wide.

    At most ``tallest`` times the width and at least half of it.
    """
    x0, y0, x1, y1 = box
    return round(width * min(tallest, max(0.5, (y1 - y0) / max(1, x1 - x0))))


def panel(
    image: FloatArray, geometry: Geometry, heat: FloatArray | None, box: Box, size: tuple[int, int]
) -> Rgb:
    """A case with a map over it, if there is one: uint8 (height, width, 3).

    The box keeps its aspect ratio in the picture; the rest of the picture is black.

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
    """A colour bar from no evidence (left) to the most (right): uint8 (height, width, 3)."""
    row = colours(np.linspace(0, 1, width, dtype=np.float32))
    return np.ascontiguousarray(np.broadcast_to(row, (height, width, 3)))


def on_strip(picture: Rgb, gap: int, height: int) -> Rgb:
    """A picture above a colour bar of ``height`` px, with ``gap`` black pixels between them."""
    width = picture.shape[1]
    black = np.zeros((gap, width, 3), np.uint8)
    return np.concatenate([picture, black, strip(width, height)])


def _sampled(heat: FloatArray, geometry: Geometry, box: Box, size: tuple[int, int]) -> FloatArray:
    """The map at the centre of every pixel of a picture of ``box``, float32 (height, width); 0
    outside the network's crop.  ``size``: (width, height)."""
    x0, y0, x1, y1 = box
    x = x0 + (np.arange(size[0]) + 0.5) * (x1 - x0) / size[0]
    y = y0 + (np.arange(size[1]) + 0.5) * (y1 - y0) / size[1]
    u, v = geometry.to_network(x, y)
    grid = np.meshgrid(v - 0.5, u - 0.5, indexing="ij")
    values = ndi.map_coordinates(heat, grid, order=1, mode="nearest").astype(np.float32)
    left, top, right, bottom = geometry.crop
    inside = ((y >= top) & (y < bottom))[:, None] & ((x >= left) & (x < right))[None]
    return np.where(inside, values, np.float32(0))

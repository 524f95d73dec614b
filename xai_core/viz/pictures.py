"""Pictures from arrays: heatmap over image, lesion outline, size on screen, PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from xai_core.types import BoolArray, FloatArray
from xai_core.viz.colormap import Rgb, colours

Box = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in pixels, end exclusive."""

LESION = (86, 214, 226)
"""The outline's colour: a cyan that is in neither the grey image nor the heat scale."""


def grey(image: FloatArray) -> Rgb:
    """A grey picture: float32 (H, W) in [0, 1] to uint8 (H, W, 3)."""
    level = (np.clip(image, 0, 1) * 255).round().astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=-1)


def overlay(image: FloatArray, heat: FloatArray, opacity: float = 0.5) -> Rgb:
    """A heatmap over its image: uint8 (H, W, 3).

    Where the heat is 0 the image shows untouched, and colour covers more the higher the heat is,
    so that the breast stays readable.

    Args:
        image, heat: float32 (H, W) in [0, 1], of one shape.
        opacity: how much of the image the highest heat hides, in [0, 1].
    """
    if image.shape != heat.shape:
        raise ValueError(f"image is {image.shape}, heat is {heat.shape}; they must agree")
    heat = np.clip(heat, 0, 1)
    # Quadratic ease-out: half the heat already has three quarters of the colour.
    alpha = (opacity * (1 - (1 - heat) ** 2))[..., None]
    blended = (1 - alpha) * grey(image) + alpha * colours(heat)
    return np.asarray(blended.round().astype(np.uint8))


def outline(
    rgb: Rgb, mask: BoolArray, colour: tuple[int, int, int] = LESION, width: int = 2
) -> Rgb:
    """A copy of a picture with the edge of ``mask`` (bool, (H, W)) drawn ``width`` pixels wide."""
    if not mask.any():
        return rgb.copy()
    inner = width // 2
    # The mask is padded so that an edge on the picture's border is drawn too.
    padded = np.pad(mask, width)
    core = ndimage.binary_erosion(padded, iterations=inner) if inner else padded
    ring = ndimage.binary_dilation(padded, iterations=width - inner) & ~core
    marked = rgb.copy()
    marked[ring[width:-width, width:-width]] = colour
    return marked


def cut(array: np.ndarray, box: Box) -> np.ndarray:
    """The part of a picture, map or mask (H, W, ...) inside ``box``."""
    x0, y0, x1, y1 = box
    return array[y0:y1, x0:x1]


def fit_size(shape: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """The largest (height, width) of a picture's proportions within ``height`` and ``width``."""
    scale = min(height / shape[0], width / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize(image: FloatArray, size: tuple[int, int]) -> FloatArray:
    """A grey picture or a map brought to ``size`` (height, width), bilinear and antialiased.

    Never beyond what the picture holds in detail, but large enough to be read.
    """
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    out = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(out, dtype=np.float32)


def resize_mask(mask: BoolArray, size: tuple[int, int]) -> BoolArray:
    """A mask brought to ``size`` (height, width): True where at least half was marked."""
    return np.asarray(resize(mask.astype(np.float32), size) >= 0.5)


def to_png(array: Rgb) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 3), as the bytes of a PNG file."""
    stream = io.BytesIO()
    # Level 3: a third of the default's time for a tenth more bytes.
    Image.fromarray(np.ascontiguousarray(array)).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()

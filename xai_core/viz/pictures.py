"""Pictures from arrays: heatmap over image, PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from xai_core.types import FloatArray
from xai_core.viz.colormap import Rgb, colours


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


def to_png(array: Rgb) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 3), as the bytes of a PNG file."""
    stream = io.BytesIO()
    # Level 3: a third of the default's time for a tenth more bytes.
    Image.fromarray(np.ascontiguousarray(array)).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()

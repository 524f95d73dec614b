"""Thickness in a recombined image: the even zone under the paddle, and shadows at the ends.

Where the paddle presses, the breast is thick and scatters more: recombined images show a smooth
bright zone with an edge that follows the skin (the "breast within the breast").
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.types import FloatArray


def draw_thickness(
    rng: np.random.Generator, background: Background, broad: FloatArray
) -> FloatArray:
    """Brightness by thickness, float32 (H, W), of the order of 1.

    ``broad``: a slow texture of zero mean and unit variance, which bends the zone's edge.
    """
    h, w = background.breast.shape
    scale = background.scale
    y = np.arange(h, dtype=np.float32)[:, None] / h
    x = np.arange(w, dtype=np.float32)[None] / background.nipple[0]
    # Contours far from the skin are smoother than it: the nipple leaves no bay in the zone's edge.
    depth = ndi.zoom(ndi.gaussian_filter(background.depth[::4, ::4], 4 * scale), 4, order=1)
    depth = np.pad(
        depth, ((0, max(0, h - depth.shape[0])), (0, max(0, w - depth.shape[1]))), "edge"
    )
    depth = depth[:h, :w] / scale + 3.0 * broad
    begin, soft = rng.normal(46, 9), rng.uniform(1.5, 5)
    inner = np.maximum(depth - begin - rng.uniform(4, 45), 0)
    zone = 1 / (1 + np.exp(np.clip((begin - depth) / soft, -40, 40)))
    zone *= rng.uniform(0.1, 0.5) + np.exp(-inner / rng.uniform(45, 130))
    # It ends above, under the arm, and below.
    middle, reach = rng.normal(0.52, 0.05), rng.uniform(0.24, 0.42)
    zone *= 1 / (1 + np.exp(np.clip((np.abs(y - middle) - reach) / 0.05, -40, 40)))
    out = rng.uniform(1.5, 4.5) * zone
    # Thin ends: dark above, bright below, where the skin folds against the holder.
    out -= rng.uniform(0.0, 1.4) * np.exp(-y / rng.uniform(0.02, 0.12))
    out += rng.uniform(0.0, 1.6) * np.exp(-(1 - y) / rng.uniform(0.03, 0.12))
    below = np.clip((y - 0.55) / 0.35, 0, 1)
    out += below * rng.uniform(0.0, 1.4) * np.exp(-depth / 14)
    out += below * rng.uniform(0.0, 4.0) * np.exp(-depth / 5)
    # Towards the chest wall the breast is not pressed evenly.
    out -= rng.uniform(0.6, 2.5) * np.exp(-x / rng.uniform(0.04, 0.35))
    out -= rng.uniform(0.0, 3.0) * np.exp(-x / 0.03)
    return np.asarray(out + _corners(rng, x, y), dtype=np.float32)


def _corners(rng: np.random.Generator, x: FloatArray, y: FloatArray) -> FloatArray:
    """Dark smudges with a bright lip where folds of skin meet the chest wall, in some pictures."""
    out = np.zeros((y.shape[0], x.shape[1]), np.float32)
    for row, share in ((rng.uniform(0.0, 0.2), 0.35), (rng.uniform(0.8, 1.0), 0.6)):
        if rng.random() > share:
            continue
        lean, tall, wide = rng.normal(0, 0.35), rng.uniform(0.02, 0.12), rng.uniform(0.05, 0.35)
        across = (y - row - lean * x) / tall
        fade = np.exp(-x / wide)
        out -= rng.uniform(1.0, 4.0) * fade * np.exp(-(across**2))
        out += rng.uniform(0.0, 1.5) * fade * np.exp(-(((across - 1.6) / 0.5) ** 2))
    return out

"""What motion between the two exposures leaves: edges in relief, and now and then ripples."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.fields import power_law
from xai_core.types import BoolArray, FloatArray


def draw_relief(
    rng: np.random.Generator, background: Background, tissue: FloatArray, broad: FloatArray
) -> FloatArray:
    """Fine edges that look lit from one side, float32 (H, W), about unit variance.

    ``tissue``: what the low-energy image shows.  ``broad``: slow texture of unit variance: the
    relief is strong in one part and weak in another.
    """
    scale = background.scale
    turn = rng.uniform(0, 2 * np.pi)
    inside = background.depth > 12 * scale
    own = _lit(ndi.gaussian_filter(tissue, 0.7 * scale), turn)
    threads = ndi.gaussian_filter(_threads(rng, background, broad), 0.45 * scale)
    lit = _lit(threads, turn) * scale + float(rng.normal(0.08, 0.12)) * threads
    relief = rng.uniform(0.2, 0.9) * _unit(own, inside) + _unit(lit, inside)
    deep = np.clip(background.depth / (8 * scale), 0, 1)
    uneven = np.clip(0.75 - 0.55 * broad, 0.1, 2)
    return np.asarray(deep * uneven * relief, dtype=np.float32)


def _threads(rng: np.random.Generator, background: Background, broad: FloatArray) -> FloatArray:
    """Ligaments: long thin curved lines, rather towards the nipple, float32 (H, W) in [0, 1].

    They lie where a texture, stretched along the way to the nipple, is zero.
    """
    scale = background.scale
    y, x = np.mgrid[: broad.shape[0], : broad.shape[1]].astype(np.float32)
    texture = power_law(rng, int(400 * scale), 2.2, smooth=rng.uniform(0.8, 2.2) * scale)
    dx, dy = background.nipple[0] + 70 * scale - x, y - background.nipple[1]
    along, around = np.hypot(dx, dy), np.arctan2(dy, dx)
    bend = rng.uniform(5, 18) * scale * broad
    stretched = along * rng.uniform(0.15, 0.45) + bend
    value = texture.at(stretched, around * rng.uniform(200, 360) * scale + bend)
    rows, columns = np.gradient(value)
    slope = np.hypot(rows, columns) * scale  # per px of a 512 px high picture
    steep = slope / max(float(slope.mean()), 1e-9)
    lines = np.exp(-((value / (0.8 * slope + 1e-6)) ** 2)) * np.clip(steep, 0, 2)
    return np.asarray(lines, dtype=np.float32)


def _lit(picture: FloatArray, turn: float) -> FloatArray:
    rows, columns = np.gradient(picture)
    return np.asarray(columns * np.cos(turn) + rows * np.sin(turn), dtype=np.float32)


def _unit(picture: FloatArray, inside: BoolArray) -> FloatArray:
    spread = float(picture[inside].std()) if inside.any() else 1.0
    return np.asarray(np.clip(picture / max(spread, 1e-6), -3, 3), dtype=np.float32)


def draw_ripple(rng: np.random.Generator, background: Background) -> FloatArray:
    """Fine parallel waves in a part of the breast, float32 (H, W): the heart's motion."""
    h, w = background.breast.shape
    scale = background.scale
    y, x = np.mgrid[:h, :w].astype(np.float32)
    period, turn = rng.uniform(5, 10) * scale, rng.normal(0, 0.3)
    waves = np.sin(2 * np.pi * (y * np.cos(turn) + x * np.sin(turn)) / period)
    cx, cy, reach = rng.uniform(0, 0.5) * w, rng.uniform(0.2, 0.8) * h, rng.uniform(0.12, 0.3) * h
    where = np.exp(-(((x - cx) / reach) ** 2) - ((y - cy) / reach) ** 2)
    return np.asarray(waves * where, dtype=np.float32)

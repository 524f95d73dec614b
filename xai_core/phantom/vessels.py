"""Veins: bent bands that run from behind the nipple towards the chest wall."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.fields import Grid
from xai_core.phantom.outline import Outline
from xai_core.types import FloatArray


def draw_veins(rng: np.random.Generator, outline: Outline, grid: Grid) -> FloatArray:
    """One to three veins; float32 (H, W), up to about 14 tissue units."""
    h, w = grid.x.shape
    scale = grid.scale
    nx, ny = outline.nipple
    veins = np.zeros((h, w), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        direction = rng.uniform(-1.1, 1.1)
        along = np.arange(0, rng.uniform(0.5, 0.95) * w, 0.5)
        wander = np.cumsum(rng.normal(0, 0.012 / np.sqrt(scale), len(along)))
        swing = 20 * scale * np.sin(along / (40 * scale) + wander * 9)
        vx = nx - 20 * scale - along * np.cos(direction)
        vy = ny + along * np.sin(direction) + swing
        line = np.zeros((h, w), np.float32)
        line[vy.astype(int).clip(0, h - 1), vx.astype(int).clip(0, w - 1)] = 1
        line = ndi.gaussian_filter(line, rng.uniform(1.0, 1.8) * scale)
        veins += rng.uniform(8, 14) * line / max(float(line.max()), 1e-6)
    return veins

"""Cooper's ligaments and other fine strands, and the fat lobules between them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from xai_core.phantom.fields import Field, Grid, power_law
from xai_core.types import FloatArray


def draw_strands(rng: np.random.Generator, radial: Field, grid: Grid) -> FloatArray:
    """Thin curved lines that run towards the nipple, 0 to about 1.

    They are the zero crossings of smooth textures drawn in polar coordinates about the nipple:
    crossings are closed or endless curves, as strands are, and never polygons.
    """
    scale = grid.scale
    out = np.zeros_like(grid.x)
    for stretch, wide, weight in ((0.16, 0.05, 0.8), (0.30, 0.06, 0.7), (0.6, 0.05, 0.5)):
        field = power_law(rng, radial.values.shape[0], 2.6, smooth=2.2 * scale)
        turn = rng.uniform(0, 900) * scale
        across = grid.angle * rng.uniform(260, 420) * scale
        f = field.at(grid.radius * stretch + grid.wx + turn, across + 1.3 * grid.wy)
        patchy = np.clip(0.7 + radial.at(grid.x * 0.9 + turn, grid.y * 0.9), 0, 1.6)
        out += weight * patchy * np.exp(-((f / wide) ** 2))
    return np.asarray(np.clip(out, 0, 1.5), dtype=np.float32)


def draw_septa(rng: np.random.Generator, iso: Field, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Two overlaid Worley tessellations: walls (septa) and cells (fat lobules), 0 to about 1.

    Drawn at half the resolution: walls are two pixels wide and bent smoothly.
    """
    scale = grid.scale
    h, w = grid.x.shape
    x, y = grid.x[::2, ::2], grid.y[::2, ::2]
    wx, wy = grid.wx[::2, ::2], grid.wy[::2, ::2]
    septa = np.zeros_like(x)
    lobules = np.zeros_like(x)
    margin = 20 * scale
    for layer, (low, high, weight) in enumerate(((90, 160, 0.6), (180, 320, 0.45))):
        n = int(rng.uniform(low, high))
        seeds = np.c_[rng.uniform(-margin, w + margin, n), rng.uniform(-margin, h + margin, n)]
        shift = 30 * layer * scale
        where = np.c_[(x + 1.9 * wx + shift).ravel() % (w + margin), ((y + 1.9 * wy) * 0.8).ravel()]
        near, _ = cKDTree(seeds * [1, 0.8]).query(where.astype(np.float32), k=2)
        wall = ((near[:, 1] - near[:, 0]).reshape(x.shape) / scale).astype(np.float32)
        patchy = 1 / (1 + np.exp(-3 * iso.at(x * 1.1 + 200 * layer, y * 1.1 + 77 * layer)))
        septa += weight * 1.4 * patchy * np.exp(-((wall / 2.6) ** 2))
        lobules += weight * (1 - np.exp(-((wall / 11) ** 2)))
    return _double(septa, (h, w)), _double(lobules, (h, w))


def _double(half: FloatArray, shape: tuple[int, int]) -> FloatArray:
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / 2
    columns = np.arange(shape[1], dtype=np.float32)[None] / 2
    where = np.broadcast_arrays(rows, columns)
    return np.asarray(ndi.map_coordinates(half, where, order=1, mode="nearest"), dtype=np.float32)

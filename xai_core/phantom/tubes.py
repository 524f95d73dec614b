"""Tubes, such as vessels and ducts: their paths, and the length of the beam inside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.types import FloatArray

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tube:
    """``points``: (n, 3), mm; ``radius``: (n,), mm."""

    points: Points
    radius: Points


def add_chords(
    canvas: FloatArray, columns: Points, rows: Points, radius: Points, weight: Points | float = 1.0
) -> None:
    """Write the chords of a tube into ``canvas`` (H, W): the length of the beam inside it, in px.

    ``columns``, ``rows``: of the axis, at most half a pixel apart; ``radius``: px; ``weight``: the
    density.  A tube that crosses itself or another one in the canvas counts once, as its longest
    chord.  Thinner than a pixel it is drawn as wide as one, and as much fainter.
    """
    if not len(columns):
        return
    h, w = canvas.shape
    shown = np.maximum(radius, 0.55)
    scaled = 2 * radius**2 / shown * weight  # the same area of the cross-section
    k = int(np.ceil(float(shown.max()))) + 1
    dy, dx = np.mgrid[-k : k + 1, -k : k + 1]
    px = np.rint(columns).astype(int)
    py = np.rint(rows).astype(int)
    x = px[:, None] + dx.ravel()[None]
    y = py[:, None] + dy.ravel()[None]
    far = ((x - columns[:, None]) ** 2 + (y - rows[:, None]) ** 2) / (shown[:, None] + 0.25) ** 2
    value = scaled[:, None] * np.sqrt(np.clip(1 - far, 0, None))
    keep = (value > 0) & (x >= 0) & (x < w) & (y >= 0) & (y < h)
    np.maximum.at(canvas, (y[keep], x[keep]), value[keep].astype(np.float32))


def resampled(points: Points, step: float) -> Points:
    """Points of a path at equal distances of at most ``step``; (n, d)."""
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    n = max(2, int(length[-1] / step) + 2)
    at = np.linspace(0, length[-1], n)
    return np.stack([np.interp(at, length, p) for p in points.T], axis=1)


def wandering(
    rng: np.random.Generator,
    start: Points,
    end: Points,
    wander: float,
    smooth: int = 6,
    n: int = 70,
) -> Points:
    """A curved path from ``start`` to ``end``, (n, d): ``wander`` is the standard deviation of its
    distance from the straight line, in the same units."""
    walk = np.cumsum(rng.normal(0, 1, (n, len(start))), axis=0)
    walk = ndi.gaussian_filter1d(walk, smooth, axis=0, mode="nearest")
    t = np.linspace(0, 1, n)[:, None]
    walk -= walk[0] + (walk[-1] - walk[0]) * t
    scale = wander / max(float(walk.std()), 1e-9)
    return np.asarray(start + (end - start) * t + walk * scale)

"""Drawing of nuisances, structures that do not depend on the class: skin folds, clips, prominent
veins, an arm.

They are drawn from a random stream of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai_core.phantom.tissue import Background
from xai_core.phantom.tubes import add_chords, resampled, wandering
from xai_core.types import FloatArray

# Probability of each.
_SHARE = {"skin fold": 0.15, "clip": 0.06, "prominent vein": 0.15, "arm": 0.06}


@dataclass(frozen=True, eq=False)
class Nuisances:
    """``added``: tissue units to add.  ``metal``: 0 or 1.  ``air``: grey 0..1 of structures outside
    the breast (an arm).  All float32 (H, W).  ``names``: the nuisances drawn."""

    added: FloatArray
    metal: FloatArray
    air: FloatArray
    names: tuple[str, ...]


def draw_nuisances(rng: np.random.Generator, background: Background) -> Nuisances:
    """Draw each nuisance with a fixed probability, independent of the class; an arm only in MLO
    views, none in a real picture's tissue, which has its own."""
    real = background.anatomy is None
    names = [] if real else [name for name, share in _SHARE.items() if rng.random() < share]
    if background.view == "CC" and "arm" in names:
        names.remove("arm")
    h, w = background.breast.shape
    added, metal, air = (np.zeros((h, w), np.float32) for _ in range(3))
    scale = background.scale
    if "skin fold" in names:
        added += _fold(rng, background)
    if "prominent vein" in names:
        added += _vein(rng, background)
    if "clip" in names:
        rows, columns = np.nonzero(background.depth > 15 * scale)
        k = int(rng.integers(len(rows)))
        turn = rng.uniform(0, np.pi)
        y, x = np.mgrid[:h, :w].astype(np.float32)
        dx, dy = x - columns[k], y - rows[k]
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        metal = ((np.abs(u) < 3.2 * scale) & (np.abs(v) < 1.1 * scale)).astype(np.float32)
    if "arm" in names:
        y, x = np.mgrid[:h, :w].astype(np.float32)
        line = x / (rng.uniform(0.75, 1.0) * w) - 1 + y / (rng.uniform(0.08, 0.2) * h)
        air = 0.30 / (1 + np.exp(np.clip(-(line) / 0.015, -40, 40))) * (y < 0.22 * h)
        air = air * np.clip(1 - y / (0.16 * h), 0, 1)
    return Nuisances(added, metal, air.astype(np.float32), tuple(names))


def _fold(rng: np.random.Generator, background: Background) -> FloatArray:
    """A skin fold: a bright line with a dark edge, near the upper or lower end of the picture."""
    h, w = background.breast.shape
    scale = background.scale
    y, x = np.mgrid[:h, :w].astype(np.float32)
    top = rng.random() < 0.5
    row = rng.uniform(0.04, 0.16) * h
    row = row if top else h - row
    slope = rng.normal(0, 0.3)
    d = (y - row - slope * (x - 0.3 * w) - 8 * scale * np.sin(x / (0.35 * w))) / scale
    fade = np.exp(-(((x - rng.uniform(0.0, 0.6) * w) / (rng.uniform(0.2, 0.45) * w)) ** 2))
    lip = 14 * np.exp(-((d / 1.6) ** 2)) - 9 * np.exp(-(((d - 5) / 4.0) ** 2))
    return np.asarray(lip * fade, dtype=np.float32)


def _vein(rng: np.random.Generator, background: Background) -> FloatArray:
    """A vein wider than usual, from the chest wall across the breast."""
    h, w = background.breast.shape
    scale = background.scale
    start = np.array([0.0, rng.uniform(0.1, 0.9) * h])
    end = np.array([rng.uniform(0.5, 0.95) * w, rng.uniform(0.2, 0.8) * h])
    path = wandering(rng, start, end, rng.uniform(6, 16) * scale, 5)
    points = resampled(path, 0.5)
    radius = np.linspace(rng.uniform(2.2, 3.6), 1.2, len(points)) * scale
    canvas = np.zeros((h, w), np.float32)
    add_chords(canvas, points[:, 0], points[:, 1], radius)
    under = np.clip(background.depth / (12 * scale), 0, 1)
    return np.asarray(1.6 * canvas / scale * under, dtype=np.float32)

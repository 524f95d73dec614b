"""Contrast medium in normal tissue: glands, vessels and the nipple."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.types import FloatArray

# Background parenchymal enhancement: frequency, and strength beside the other structures.
_PARENCHYMA = {
    "minimal": (0.42, 0.05), "mild": (0.30, 0.3), "moderate": (0.19, 0.8), "marked": (0.09, 1.6),
}  # fmt: skip


def draw_parenchyma(
    rng: np.random.Generator, background: Background, broad: FloatArray
) -> FloatArray:
    """Background enhancement, float32 (H, W): glandular tissue, uneven by ``broad``."""
    level = str(rng.choice(list(_PARENCHYMA), p=[share for share, _ in _PARENCHYMA.values()]))
    strength = _PARENCHYMA[level][1] * float(np.exp(rng.normal(0, 0.25)))
    lively = np.clip(0.8 + 0.8 * broad, 0.05, 2.5)
    glands = ndi.gaussian_filter(background.glands, rng.uniform(2, 6) * background.scale)
    return np.asarray(strength * glands * lively, dtype=np.float32)


def draw_contrast_vessels(rng: np.random.Generator, background: Background) -> FloatArray:
    """Vessels filled with contrast medium, float32 (H, W), peak about 1: none to eight, forked."""
    h, w = background.breast.shape
    scale = background.scale
    lines = np.zeros((2, h, w), np.float32)
    for _ in range(int(rng.integers(0, 5))):
        wide = int(rng.random() < 0.2)
        at = np.array([rng.uniform(0, 0.25) * w, rng.uniform(0.1, 0.9) * h])
        goal = np.array(background.nipple) + rng.normal(0, 0.25, 2) * (w, h)
        _trace(rng, lines[wide], at, float(np.arctan2(*(goal - at)[::-1])), scale, forks=2)
    out = np.zeros((h, w), np.float32)
    for drawn, width in zip(lines, (0.9, 1.7), strict=True):
        if drawn.any():
            sigma = width * scale
            # A line of unit weight per px of length, blurred, peaks at 1 / (sigma sqrt(2 pi)).
            blurred = ndi.gaussian_filter(drawn, sigma) * (sigma * np.sqrt(2 * np.pi))
            out += (0.6 if width < 1 else 1.0) * blurred.clip(0, 1.2)
    return np.asarray(out * (background.depth > 2 * scale), dtype=np.float32)


def _trace(
    rng: np.random.Generator, canvas: FloatArray, at: FloatArray, heading: float, scale: float,
    forks: int,
) -> None:  # fmt: skip
    """One vessel, that winds about its heading, with up to ``forks`` branches."""
    h, w = canvas.shape
    n = int(rng.uniform(90, 330) * scale)
    knots = max(3, int(n / (14 * scale)))
    swerve = np.cumsum(rng.normal(0, 0.16, knots)) + rng.normal(0, 0.25, knots)
    turn = heading + np.interp(np.linspace(0, knots - 1, n), np.arange(knots), swerve)
    x, y = at[0] + np.cumsum(np.cos(turn)), at[1] + np.cumsum(np.sin(turn))
    fade = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (12 * scale), 0, 1)
    keep = (x >= 0) & (x < w - 1) & (y >= 0) & (y < h - 1)
    canvas[y[keep].astype(int), x[keep].astype(int)] = fade[keep]
    for _ in range(int(rng.integers(0, forks + 1))):
        k = int(rng.integers(n // 4, n))
        if keep[k]:
            start = np.array([x[k], y[k]])
            _trace(rng, canvas, start, float(turn[k] + rng.choice([-1, 1]) * 0.6), scale, forks - 1)


def draw_nipple(rng: np.random.Generator, background: Background) -> FloatArray:
    """The nipple, thick and not pressed: float32 (H, W), up to about 12, and a hollow behind it,
    down to about -2."""
    h, w = background.breast.shape
    scale = background.scale
    radius = rng.uniform(9, 14) * scale
    rows, columns = (
        slice(max(0, int(c - 5 * radius)), int(c + 5 * radius) + 1)
        for c in (background.nipple[1], background.nipple[0])
    )
    y, x = np.mgrid[:h, :w][:, rows, columns].astype(np.float32)
    dx, dy = x - background.nipple[0], y - background.nipple[1]
    bean = np.hypot((dx - 0.15 * radius) / radius, dy / (radius * rng.uniform(0.9, 1.25)))
    white = rng.choice([2.0, 6.0, 14.0], p=[0.12, 0.18, 0.7]) * rng.uniform(0.6, 1)
    hollow = np.hypot((dx + rng.uniform(0.6, 1.2) * radius) / 1.6, dy / 1.8) / radius
    out = np.zeros((h, w), np.float32)
    out[rows, columns] = white / (1 + np.exp(np.clip((bean - 0.95) / 0.08, -40, 40)))
    out[rows, columns] -= rng.uniform(0, 2.0) * np.exp(-(hollow**4)) * (bean > 0.9)
    return out

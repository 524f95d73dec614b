"""Thin lines that leave a centre: the spicules of a mass, the strands of a distortion."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.window import Window
from xai_core.types import FloatArray


def draw_lines(
    rng: np.random.Generator, window: Window, radius: float, scale: float, count: int,
    start: float = 0.7, bend: float = 0.03, reach: tuple[float, float] = (0.4, 1.9),
) -> FloatArray:  # fmt: skip
    """``count`` tapering lines, some of them branching, in [0, 0.8] on the window's grid.

    They begin ``start`` radii from the centre and are ``reach`` radii long; ``bend`` is the
    standard deviation of a turn per half pixel of a 512 px high picture, in radians.
    """
    height, width = window.dx.shape
    canvas = np.zeros((height, width), np.float32)
    x0, y0 = float(window.dx[0, 0]), float(window.dy[0, 0])

    def line(x: float, y: float, direction: float, length: float, strength: float) -> None:
        n = max(4, int(length * 2))
        bends = direction + np.cumsum(rng.normal(0, bend / np.sqrt(scale), n))
        px = x + np.cumsum(np.cos(bends)) * length / n - x0
        py = y + np.cumsum(np.sin(bends)) * length / n - y0
        keep = (px > 0) & (py > 0) & (px < width - 1) & (py < height - 1)
        fade = strength * (1 - np.linspace(0, 1, n))[keep] * length / n
        np.add.at(canvas, (py[keep].astype(int), px[keep].astype(int)), fade)

    for _ in range(count):
        a = rng.uniform(0, 2 * np.pi)
        x, y = start * radius * np.cos(a), start * radius * np.sin(a)
        # Many short ones, few long ones.
        length = radius * (reach[0] + (reach[1] - reach[0]) * rng.random() ** 1.5)
        length = min(length, rng.uniform(30, 52) * scale)
        line(x, y, a + rng.normal(0, 0.2), length, rng.uniform(0.4, 1.0))
        if rng.random() < 0.3:
            on = 0.5 * length
            line(x + on * np.cos(a), y + on * np.sin(a), a + rng.normal(0, 0.5), on, 0.7)
    lines = 2.2 * scale * ndi.gaussian_filter(canvas, 0.8 * scale)
    return np.asarray(np.clip(lines, 0, 0.8), dtype=np.float32)

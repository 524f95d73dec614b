"""Drawing of masses, with a contour whose shape and margin follow the lexicon, and of radiating
lines: the spicules of a mass and the strands of a distortion."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import GIVEN, MASS, MASS_DENSITY, MASS_MARGIN, MASS_SHAPE
from xai_core.phantom.shapes import Drawing, Window, window_around
from xai_core.types import FloatArray


def draw_lines(
    rng: np.random.Generator, window: Window, radius: float, scale: float, count: int,
    start: float = 0.7, bend: float = 0.03, reach: tuple[float, float] = (0.4, 1.9),
) -> FloatArray:  # fmt: skip
    """``count`` tapering lines, some of them branching, in [0, 0.8] on the window's grid.

    They begin ``start`` radii from the centre and are ``reach`` radii long (minimum, maximum);
    ``bend``: standard deviation of the change of direction per half pixel of a 512 px high picture,
    in radians.
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
        # Many short lines, few long ones.
        length = radius * (reach[0] + (reach[1] - reach[0]) * rng.random() ** 1.5)
        length = min(length, rng.uniform(30, 52) * scale)
        line(x, y, a + rng.normal(0, 0.2), length, rng.uniform(0.4, 1.0))
        if rng.random() < 0.3:
            on = 0.5 * length
            line(x + on * np.cos(a), y + on * np.sin(a), a + rng.normal(0, 0.5), on, 0.7)
    lines = 2.2 * scale * ndi.gaussian_filter(canvas, 0.8 * scale)
    return np.asarray(np.clip(lines, 0, 0.8), dtype=np.float32)


# Radius of the mask relative to the contour: readers outline generously and include the margin.
_MARKED = {
    "circumscribed": 1.2, "microlobulated": 1.3, "obscured": 1.3, "indistinct": 1.4,
    "spiculated": 1.6,
}  # fmt: skip


def draw_mass(
    rng: np.random.Generator, plan: LesionPlan, shape: tuple[int, int],
    centre: tuple[float, float], radius: float, scale: float,
) -> Drawing:  # fmt: skip
    """A mass of mean ``radius`` px around ``centre`` (column, row) in a picture of ``shape``;
    ``scale``: px per px of a 512 px high picture."""
    kind, margin = plan.descriptors["mass shape"], plan.descriptors["mass margin"]
    window = window_around(
        shape, centre, radius * (3.4 if margin == "spiculated" else 2.2) + 8 * scale
    )
    contour = _contour(rng, kind, margin, radius)
    turns = np.linspace(0, 2 * np.pi, len(contour) + 1)
    border = np.interp(window.angle, turns, np.r_[contour, contour[0]]).astype(np.float32)
    soft = (
        radius
        * {
            "circumscribed": rng.uniform(0.03, 0.06),
            "microlobulated": rng.uniform(0.04, 0.08),
            "obscured": rng.uniform(0.05, 0.10),
            "indistinct": rng.uniform(0.18, 0.32),
            "spiculated": rng.uniform(0.10, 0.20),
        }[margin]
        + 0.4 * scale
    )
    outside = np.clip((window.radius - border) / soft, -40, 40)
    edge = 1 / (1 + np.exp(outside))
    dome = np.clip(1 - (window.radius / border) ** 2, 0, 1) ** rng.uniform(0.3, 0.8)
    added = edge * (0.5 + 0.5 * dome)
    if margin == "obscured":
        # Part of the border, about a quarter, fades into the tissue on one side.
        away = np.cos(window.angle - rng.uniform(0, 2 * np.pi))
        hidden = np.clip((away - 0.2) / 0.5, 0, 1) * np.clip(window.radius / radius, 0, 1)
        added = added * (1 - 0.75 * hidden)
    solid = edge
    if margin == "spiculated":
        lines = draw_lines(rng, window, radius, scale, int(rng.integers(15, 41)))
        added = np.maximum(added, lines)
    if plan.descriptors["mass density"] == "fat-containing":
        # A thin capsule around fat, which is darker than its surroundings.
        capsule = np.exp(-(((window.radius - border) / (1.2 * scale + soft)) ** 2))
        added = 0.55 * capsule - 0.55 * edge * np.clip(dome, 0, 1)
    return Drawing(
        window,
        added.astype(np.float32),
        window.radius < _MARKED[margin] * border,
        solid.astype(np.float32),
    )


def _contour(rng: np.random.Generator, kind: str, margin: str, radius: float) -> FloatArray:
    """Radius at 360 directions: R [1 + sum a_k cos(k t + f_k)]."""
    t = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    r = np.ones_like(t)

    def wave(k: int, amplitude: float) -> FloatArray:
        return np.asarray(amplitude * np.cos(k * t + rng.uniform(0, 2 * np.pi)))

    if kind == "irregular":
        # Low frequencies get most weight: a single high one would draw a flower-like contour.
        weights = rng.dirichlet([4, 3, 2, 1.5, 1, 1]) * rng.uniform(0.28, 0.42)
        r += sum(wave(k, a) for k, a in zip(range(2, 8), weights, strict=True))
    else:
        r += wave(2, rng.uniform(0.12, 0.22) if kind == "oval" else rng.uniform(0, 0.05))
        r += wave(3, rng.uniform(0, 0.03))
    if margin == "microlobulated":
        for k in rng.integers(8, 17, 3):
            r += wave(int(k), rng.uniform(0.025, 0.05))
    return np.asarray(radius * np.clip(r, 0.45, 1.7), dtype=np.float32)


KIND = LesionKind(
    MASS,
    share=0.66,
    log_odds=0.0,
    draw=draw_mass,
    terms={"mass margin": MASS_MARGIN, "mass shape": MASS_SHAPE, "mass density": MASS_DENSITY},
    given={"mass shape": GIVEN["mass shape"]},
    finding="{mass shape} mass, {mass margin} margin, {mass density}".format_map,
    cues={
        "mass margin": "its {} margin",
        "mass shape": "its {} shape",
        "mass density": "that it is {}",
    },
)

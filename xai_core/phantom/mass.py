"""Masses: a star-shaped contour whose shape and margin follow the lexicon."""

from __future__ import annotations

import numpy as np

from xai_core.phantom.plan import LesionPlan
from xai_core.phantom.spicules import draw_lines
from xai_core.phantom.window import Drawing, window_around
from xai_core.types import FloatArray

# A reader's outline is generous, and takes in what belongs to the margin.
_MARKED = {
    "circumscribed": 1.2, "microlobulated": 1.3, "obscured": 1.3, "indistinct": 1.4,
    "spiculated": 1.6,
}  # fmt: skip


def draw_mass(
    rng: np.random.Generator, plan: LesionPlan, shape: tuple[int, int],
    centre: tuple[float, float], radius: float, scale: float,
) -> Drawing:  # fmt: skip
    """A mass of mean ``radius`` px about ``centre`` (column, row) in a picture of ``shape``;
    ``scale`` as of a 512 px high picture."""
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
        # At least a quarter of the border is hidden: it fades into the tissue on one side.
        away = np.cos(window.angle - rng.uniform(0, 2 * np.pi))
        hidden = np.clip((away - 0.2) / 0.5, 0, 1) * np.clip(window.radius / radius, 0, 1)
        added = added * (1 - 0.75 * hidden)
    solid = edge
    if margin == "spiculated":
        lines = draw_lines(rng, window, radius, scale, int(rng.integers(15, 41)))
        added = np.maximum(added, lines)
    if plan.descriptors["mass density"] == "fat-containing":
        # A thin capsule about fat and a little tissue: darker than its surroundings.
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
        # Low waves weigh most: one high wave alone would draw a flower.
        weights = rng.dirichlet([4, 3, 2, 1.5, 1, 1]) * rng.uniform(0.28, 0.42)
        r += sum(wave(k, a) for k, a in zip(range(2, 8), weights, strict=True))
    else:
        r += wave(2, rng.uniform(0.12, 0.22) if kind == "oval" else rng.uniform(0, 0.05))
        r += wave(3, rng.uniform(0, 0.03))
    if margin == "microlobulated":
        for k in rng.integers(8, 17, 3):
            r += wave(int(k), rng.uniform(0.025, 0.05))
    return np.asarray(radius * np.clip(r, 0.45, 1.7), dtype=np.float32)

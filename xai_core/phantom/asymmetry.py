"""Drawing of an asymmetry: a local density with concave borders and interspersed fat, no mass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import ASYMMETRY, ASYMMETRY_TYPE
from xai_core.phantom.shapes import Drawing, window_around


def draw_asymmetry(
    rng: np.random.Generator, _plan: LesionPlan, shape: tuple[int, int],
    centre: tuple[float, float], radius: float, scale: float,
) -> Drawing:  # fmt: skip
    """An asymmetry of ``radius`` px about ``centre`` (column, row)."""
    radius = max(radius, 12 * scale)
    window = window_around(shape, centre, 2.4 * radius)
    k = int(rng.integers(3, 6))
    # |cos| makes a border with cusps that point outwards and concave arcs between them, as if
    # indented by fat.
    cusps = np.abs(np.cos(k * window.angle / 2 + rng.uniform(0, 6.3)))
    border = radius * (1.15 - 0.5 * cusps)
    soft = radius * rng.uniform(0.16, 0.3)
    inside = 1 / (1 + np.exp(np.clip((window.radius - border) / soft, -40, 40)))
    noise = ndi.gaussian_filter(rng.standard_normal(window.dx.shape), 3 * scale)
    noise /= max(float(noise.std()), 1e-6)
    added = inside * np.clip(0.75 + 0.25 * noise, 0, 1.2)
    return Drawing(
        window, added.astype(np.float32), window.radius < 1.1 * border,
        solid=np.zeros(window.dx.shape, np.float32),
    )  # fmt: skip


def _finding(terms: Mapping[str, str]) -> str:
    kind = terms["asymmetry type"]
    return "asymmetry" if kind == "asymmetry" else f"{kind} asymmetry"


KIND = LesionKind(
    ASYMMETRY,
    share=0.06,
    log_odds=-1.6,
    draw=draw_asymmetry,
    terms={"asymmetry type": ASYMMETRY_TYPE},
    finding=_finding,
    cues={"asymmetry type": "that the asymmetry is of the kind called {}"},
)

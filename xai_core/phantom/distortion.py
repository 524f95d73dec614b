"""Drawing of architectural distortion: straight lines and tissue pulled towards a point, no mass.

A post-operative scar is similar, but more compact, with a lucent centre and often a clip.
"""

from __future__ import annotations

import numpy as np

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import DISTORTION, SCAR
from xai_core.phantom.mass import draw_lines
from xai_core.phantom.shapes import Drawing, window_around


def draw_distortion(
    rng: np.random.Generator, plan: LesionPlan, shape: tuple[int, int],
    centre: tuple[float, float], radius: float, scale: float,
) -> Drawing:  # fmt: skip
    """A distortion or scar of ``radius`` px around ``centre`` (column, row)."""
    scar = plan.kind == SCAR
    radius = max(radius, 10 * scale)
    window = window_around(shape, centre, 3.2 * radius)
    r = window.radius / radius
    lines = draw_lines(
        rng, window, radius, scale, int(rng.integers(10, 21)), start=0.05 if not scar else 0.2,
        bend=0.004, reach=(1.0, 2.2),
    )  # fmt: skip
    added = 0.45 * lines
    if scar:
        added = added + 0.6 * np.exp(-(((r - 0.6) / 0.4) ** 2)) - 0.5 * np.exp(-((r / 0.35) ** 2))
        for _ in range(int(rng.integers(0, 3))):
            x, y = rng.normal(0, 0.4 * radius, 2)
            clip = np.maximum(
                np.abs(window.dx - x) / (2.2 * scale), np.abs(window.dy - y) / (1.1 * scale)
            )
            added = np.maximum(added, 2.2 * (clip < 1))
    else:
        added = added + rng.uniform(0.45, 0.8) * np.exp(-((r / 0.9) ** 2))
    pull = rng.uniform(0.5, 0.8) * window.radius * np.exp(-((r / 1.3) ** 2))
    return Drawing(
        window, added.astype(np.float32), r < 1.3, pull=pull.astype(np.float32)
    )  # fmt: skip


KIND = LesionKind(DISTORTION, share=0.07, log_odds=1.0, draw=draw_distortion)
SCAR_KIND = LesionKind(SCAR, share=0.06, log_odds=-2.6, draw=draw_distortion)

"""An asymmetry: tissue with concave borders and fat in it, no mass.

A plain asymmetry is tissue that lies one over the other in one view: the other view does not show
it.  A focal or developing one is seen in both.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import ASYMMETRY, ASYMMETRY_TYPE
from xai_core.phantom.mass import axes, ellipsoid
from xai_core.phantom.solid import Lumps, Site, Solid


def draw_asymmetry(rng: np.random.Generator, _plan: LesionPlan, site: Site, radius: float) -> Solid:
    """An asymmetry of ``radius`` mm."""
    rotation, half = axes(rng, rng.uniform(1.1, 1.6))
    core = site.inner(1.9 * radius, 1.5 * radius)
    far = ellipsoid(core, radius, rotation, half)
    lumps = Lumps.draw(rng, 0.42 * radius, 5 * radius, 0.5).at(core)
    finer = Lumps.draw(rng, 0.15 * radius, 4 * radius, 0.5).at(core)
    # Fat lobules bite into it: |lumps| makes arcs that are concave from outside.
    level = 1.15 - far - 0.55 * np.abs(lumps) + 0.16 * finer
    body = np.clip(1.4 * level + 0.25, 0, 1)
    body = body / (1 + np.exp(np.clip(-7 * level, -30, 30)))
    density = np.asarray(rng.uniform(0.8, 1.15) * (1 + 0.15 * finer), np.float32)
    return Solid(site, core, body.astype(np.float32), far, density, replaces=False)


def _finding(terms: Mapping[str, str]) -> str:
    kind = terms["asymmetry type"]
    return "asymmetry" if kind == "asymmetry" else f"{kind} asymmetry"


def _one_view(terms: Mapping[str, str]) -> bool:
    return terms["asymmetry type"] == "asymmetry"


KIND = LesionKind(
    ASYMMETRY,
    share=0.06,
    log_odds=-1.6,
    draw=draw_asymmetry,
    terms={"asymmetry type": ASYMMETRY_TYPE},
    finding=_finding,
    cues={"asymmetry type": "that the asymmetry is of the kind called {}"},
    reach=2.2,
    one_view=_one_view,
)

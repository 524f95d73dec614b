"""Architectural distortion: tissue drawn towards a point, and straight rays, without a mass.

A post-operative scar is similar, but more compact, with fat in its middle and often clips.
"""

from __future__ import annotations

import numpy as np

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import DISTORTION, SCAR
from xai_core.phantom.mass import filled, rays
from xai_core.phantom.solid import LEVELS, Lumps, Pull, Site, Solid
from xai_core.types import BoolArray


def draw_distortion(rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float) -> Solid:
    """A distortion or scar of ``radius`` mm."""
    scar = plan.kind == SCAR
    ray, core_rng, clips = rng.spawn(3)
    core = site.inner(1.3 * radius, 1.2 * radius)
    frame = core.frame()
    far = np.sqrt(sum(x * x for x in frame)) / radius + np.zeros((LEVELS, *core.shape), np.float32)
    lumps = Lumps.draw(core_rng, 0.3 * radius, 4 * radius).at(core)
    thin = rays(
        ray, site, radius, int(ray.integers(26, 50)), start=0.05 if not scar else 0.2,
        reach=(0.5, 1.9), width=(0.16, 0.36), bend=0.03,
    )  # fmt: skip
    if scar:
        shell = np.exp(-(((far - 0.38 + 0.10 * lumps) / 0.17) ** 2))
        body, density = shell, 0.85
    else:
        # Only a thickening where the rays meet, full of fat.
        body = 0.55 * filled(far / 0.42 + 0.5 * lumps, 0.42 * radius, 0.15 * radius + 0.4)
        density = core_rng.uniform(0.3, 0.6)
    metal = _clips(clips, site, radius) if scar else None
    return Solid(
        site, core, np.asarray(body, np.float32), np.asarray(far, np.float32), density, thin=thin,
        metal=metal, region=site.radius < 1.0 * radius,
        pull=Pull(ray.uniform(0.55, 0.8) * (0.8 if scar else 1), 0.8 * radius, 1.25 * radius),
    )  # fmt: skip


def _clips(rng: np.random.Generator, site: Site, radius: float) -> BoolArray:
    """None to four surgical clips, 4 mm long."""
    out = np.zeros(site.shape, bool)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.3, 0.25, 0.25, 0.2]))):
        place, turn = rng.normal(0, 0.35 * radius, (1, 3)), rng.uniform(0, np.pi)
        column, row, _ = site.project(place)
        mm = 1 / site.px_per_mm
        dx = (np.arange(out.shape[1])[None] - column[0]) * mm
        dy = (np.arange(out.shape[0])[:, None] - row[0]) * mm
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        out |= (np.abs(u) < 2.0) & (np.abs(v) < max(0.4, 0.55 * mm))
    return out


KIND = LesionKind(DISTORTION, share=0.07, log_odds=1.0, draw=draw_distortion, reach=2.9, size=0.95)
SCAR_KIND = LesionKind(SCAR, share=0.05, log_odds=-2.6, draw=draw_distortion, reach=2.9)

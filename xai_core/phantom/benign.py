"""Benign masses that are recognised as what they are: cyst, fibroadenoma, lymph node, oil cyst."""

from __future__ import annotations

import numpy as np

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import CYST, FIBROADENOMA, LYMPH_NODE, OIL_CYST
from xai_core.phantom.mass import axes, ellipsoid, filled
from xai_core.phantom.solid import Lumps, Site, Solid
from xai_core.types import FloatArray


def draw_cyst(rng: np.random.Generator, _plan: LesionPlan, site: Site, radius: float) -> Solid:
    """Fluid, a little denser than gland, in a smooth tense wall."""
    rotation, half = axes(rng, rng.uniform(1.0, 1.3))
    core = site.inner(1.5 * radius + 1, 1.4 * radius)
    far = ellipsoid(core, radius, rotation, half)
    body = filled(far, radius, rng.uniform(0.15, 0.3))
    return Solid(site, core, body, far, rng.uniform(1.0, 1.3), halo=rng.uniform(0.3, 0.6))


def draw_fibroadenoma(
    rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float
) -> Solid:
    """An oval with two to four gentle lobes; old ones hold coarse calcium."""
    rotation, half = axes(rng, rng.uniform(1.2, 1.7))
    core = site.inner(1.8 * radius + 1, 1.6 * radius)
    lobes = Lumps.draw(rng, 0.8 * radius, 5 * radius)
    far = ellipsoid(core, radius, rotation, half) + 0.07 * lobes.at(core)
    body = filled(far, radius, rng.uniform(0.15, 0.35))
    density = np.asarray(1.2 + 0.04 * lobes.at(core), np.float32)
    calcium = None
    popcorn = Lumps.draw(rng, max(0.8, 0.16 * radius), 4 * radius)
    place = rng.normal(0, 0.25 * radius, 3)
    if plan.descriptors["fibroadenoma calcification"] == "popcorn":
        inner = np.zeros(site.shape, np.float32)
        frame = core.frame()
        near = sum((frame[i] - place[i]) ** 2 for i in range(3))
        clump = filled(
            np.sqrt(near) / (0.45 * radius) + 0.35 * popcorn.at(core), 0.45 * radius, 0.2
        )
        inner[site.within(core)] = 0.22 * clump.sum(0) * core.level
        calcium = inner
    return Solid(site, core, body, far, density, calcium=calcium, halo=rng.uniform(0.3, 0.55))


def draw_lymph_node(rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float) -> Solid:
    """A bean with a notch of fat at its hilum."""
    rotation, half = axes(rng, rng.uniform(1.3, 1.7))
    core = site.inner(1.7 * radius + 1, 1.6 * radius)
    far = ellipsoid(core, radius, rotation, half)
    frame = core.frame()
    side = sum(rotation[1, i] * frame[i] for i in range(3)) / radius
    along = sum(rotation[0, i] * frame[i] for i in range(3)) / radius
    deep = 0.9 if plan.descriptors["node hilum"] == "fatty" else 0.15
    notch = np.exp(-((along / 0.55) ** 2) - ((side - 0.5) / 0.5) ** 2)
    body = filled(far, radius, 0.25) * (1 - deep * notch)
    return Solid(site, core, np.asarray(body, np.float32), far, 1.2, halo=0.3)


def draw_oil_cyst(rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float) -> Solid:
    """Fat in a thin wall, which is calcified like an eggshell in older ones."""
    rotation, half = axes(rng, rng.uniform(1.0, 1.2))
    core = site.inner(1.5 * radius + 1, 1.4 * radius)
    far = ellipsoid(core, radius, rotation, half)
    shell = np.exp(-(((far - 1) * radius / 0.45) ** 2))
    body = np.maximum(filled(far, radius, 0.2), shell)
    calcium: FloatArray | None = None
    patchy = Lumps.draw(rng, 0.5 * radius, 5 * radius)
    if plan.descriptors["oil cyst wall"] == "calcified":
        calcium = np.zeros(site.shape, np.float32)
        crust = shell * np.clip(0.8 + 0.5 * patchy.at(core), 0, 1)
        calcium[site.within(core)] = 0.10 * crust.sum(0) * core.level
    return Solid(
        site, core, np.asarray(body, np.float32), far, np.asarray(0.95 * shell, np.float32),
        calcium=calcium,
    )  # fmt: skip


CYST_KIND = LesionKind(
    CYST, share=0.06, log_odds=-2.6, draw=draw_cyst, reach=2.2, size=0.9, solid=True,
    enhancement={"none": (0.75, 0.5), "rim": (0.25, 0.5)},
)  # fmt: skip
FIBROADENOMA_KIND = LesionKind(
    FIBROADENOMA,
    share=0.06,
    log_odds=-1.9,
    draw=draw_fibroadenoma,
    terms={"fibroadenoma calcification": {"none": (0.72, 0.2), "popcorn": (0.28, -1.5)}},
    finding=lambda terms: FIBROADENOMA
    + (", popcorn calcification" if terms["fibroadenoma calcification"] == "popcorn" else ""),
    cues={"fibroadenoma calcification": "its calcification, {}"},
    reach=2.4,
    size=0.8,
    solid=True,
    enhancement={
        "none": (0.40, 0.2), "homogeneous": (0.40, 0.5), "dark septations": (0.20, 0.3),
    },
)  # fmt: skip
LYMPH_NODE_KIND = LesionKind(
    LYMPH_NODE,
    share=0.03,
    log_odds=-1.6,
    draw=draw_lymph_node,
    terms={"node hilum": {"fatty": (0.85, -1.2), "effaced": (0.15, 1.8)}},
    finding="intramammary lymph node, {node hilum} hilum".format_map,
    cues={"node hilum": "its {} hilum"},
    reach=2.4,
    size=0.45,
    solid=True,
    enhancement={"none": (0.35, 0.1), "homogeneous": (0.65, 0.9)},
)
OIL_CYST_KIND = LesionKind(
    OIL_CYST,
    share=0.02,
    log_odds=-3.0,
    draw=draw_oil_cyst,
    terms={"oil cyst wall": {"thin": (0.5, 0.2), "calcified": (0.5, -0.5)}},
    finding="oil cyst, {oil cyst wall} wall".format_map,
    cues={"oil cyst wall": "its {} wall"},
    reach=2.2,
    size=0.7,
    solid=True,
    enhancement={"none": (0.9, 0.8), "rim": (0.1, 0.2)},
)

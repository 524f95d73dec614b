"""Calcifications of true size: particles in a lobe, a duct or along an artery.

Most are smaller than a pixel: their calcium is spread over the pixels they touch, blurred as a
detector blurs it.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import (
    CALCIFICATION_DISTRIBUTION,
    CALCIFICATION_MORPHOLOGY,
    CALCIFICATIONS,
    GIVEN,
)
from xai_core.phantom.solid import Site, Solid, empty_body
from xai_core.phantom.tubes import Points
from xai_core.types import BoolArray, FloatArray

# --- Where the particles lie ------------------------------------------------------------------

# Range of the number of particles in a group of usual size, and the size of the group in radii:
# along the duct and across it.
_LAYOUT: dict[str, tuple[tuple[int, int], float, float]] = {
    "grouped": ((8, 24), 0.55, 0.45),
    "linear": ((10, 26), 1.3, 0.05),
    "segmental": ((26, 60), 1.3, 0.40),
    "regional": ((22, 50), 1.25, 1.0),
    "diffuse": ((36, 80), 2.2, 1.8),
}
_MANY = {"amorphous": 3.0, "round": 0.8, "coarse heterogeneous": 0.8, "milk of calcium": 0.7}
_FEW = {"coarse (popcorn)": (1, 3), "rim": (1, 4)}


def _duct_axes(site: Site) -> tuple[Points, Points, Points]:
    """Unit vectors towards the nipple and across it, in the lesion's frame."""
    along = np.array(site.to_nipple)
    aside = np.cross(along, [0.3, -0.5, 0.81])
    aside /= np.linalg.norm(aside)
    return along, aside, np.cross(along, aside)


def _places(
    rng: np.random.Generator, distribution: str, morphology: str, radius: float, site: Site
) -> Points:
    """Centres of the particles in the lesion's frame, mm, (n, 3)."""
    (few, many), long, wide = _LAYOUT[distribution]
    n = int(rng.integers(few, many + 1) * _MANY.get(morphology, 1.0))
    if morphology in _FEW:
        n = int(rng.integers(_FEW[morphology][0], _FEW[morphology][1] + 1))
    n = round(n * float(np.clip(radius / 9, 0.6, 2.0)))
    along, aside, other = _duct_axes(site)
    if distribution == "linear" or morphology == "fine linear":
        # Along a duct that forks.
        t = np.sort(rng.uniform(-1, 1, n)) * long * radius
        fork = (rng.random(n) < 0.4) * np.clip(-t, 0, None) * rng.choice([-0.45, 0.4], n)
        curve = 0.12 * radius * np.sin(t / radius * 1.6 + rng.uniform(0, 6))
        spread = rng.normal(0, 0.045 * radius, (n, 2))
        if distribution in ("segmental", "grouped"):
            spread += rng.choice([-1, 0, 1], (n, 1)) * (0.30 * (1.4 - t[:, None] / radius) * radius)
        u, v = curve + fork + spread[:, 0], spread[:, 1]
    else:
        t = rng.normal(0, long, n) * radius * 0.6
        narrow = np.clip(0.9 - 0.4 * t / radius, 0.25, 1.6) if distribution == "segmental" else 1.0
        u, v = (rng.normal(0, wide, n) * radius * 0.6 * narrow for _ in range(2))
    return np.outer(t, along) + np.outer(u, aside) + np.outer(v, other)


# --- What they are ----------------------------------------------------------------------------

_DENSE = 0.70  # share of a particle that is mineral


def _specks(
    canvas: FloatArray, site: Site, places: Points, size: Points, weight: float = 1.0
) -> None:
    """Balls of diameter ``size`` mm, spread over pixels: mm of calcium."""
    column, row, _ = site.project(places)
    volume = np.pi / 6 * size**3 * site.px_per_mm**2 * weight  # mm of path, times pixels
    for x, y, ball, whole in zip(column, row, size, volume, strict=True):
        sigma = float(np.hypot(0.42, 0.27 * ball * site.px_per_mm))
        k = int(3 * sigma) + 1
        x0, y0 = round(x), round(y)
        if not (k <= x0 < canvas.shape[1] - k and k <= y0 < canvas.shape[0] - k):
            continue
        d = np.arange(-k, k + 1)
        across = np.exp(-((d + x0 - x) ** 2) / (2 * sigma**2))
        down = np.exp(-((d + y0 - y) ** 2) / (2 * sigma**2))
        canvas[y0 - k : y0 + k + 1, x0 - k : x0 + k + 1] += (
            whole / (across.sum() * down.sum()) * np.outer(down, across)
        ).astype(np.float32)


def _rods(
    rng: np.random.Generator, canvas: FloatArray, site: Site, places: Points,
    length: tuple[float, float], width: tuple[float, float], along: Points | None,
) -> None:  # fmt: skip
    """Rods of the given lengths and widths, mm, towards ``along`` or in any direction."""
    for place in places:
        turn = rng.normal(size=3)
        if along is not None:
            turn = along + 0.28 * turn
        turn /= np.linalg.norm(turn)
        long, thick = rng.uniform(*length), rng.uniform(*width)
        n = max(2, int(long / (0.6 * thick)))
        t = np.linspace(-0.5, 0.5, n)
        bend = np.cross(turn, rng.normal(size=3))
        path = place + np.outer(t * long, turn) + np.outer(rng.normal(0, 0.25) * t**2 * long, bend)
        beads = thick * rng.uniform(0.75, 1.2, n)
        _specks(canvas, site, path, beads)


def _shaped(
    rng: np.random.Generator, canvas: FloatArray, site: Site, place: Points, size: float, rim: bool
) -> None:
    """A particle larger than some pixels: an eggshell, or popcorn."""
    column, row, _ = site.project(place[None])
    mm = 1 / site.px_per_mm
    x = (np.arange(canvas.shape[1])[None] - column[0]) * mm
    y = (np.arange(canvas.shape[0])[:, None] - row[0]) * mm
    r, about = np.hypot(x, y), np.arctan2(y, x)
    phase = rng.uniform(0, 6.3, 4)
    if rim:
        wall = rng.uniform(0.18, 0.35)
        half = 0.5 * size * (1 + 0.05 * np.cos(2 * about + phase[0]) + 0.03 * np.cos(3 * about))
        chord = 2 * np.sqrt(np.clip(half**2 - r**2, 0, None))
        chord -= 2 * np.sqrt(np.clip((half - wall) ** 2 - r**2, 0, None))
        path = chord * (0.75 + 0.25 * np.cos(about + phase[1]))
    else:
        lumps = sum(
            a * np.cos(k * about + f)
            for k, a, f in zip((3, 4, 6, 9), (0.12, 0.12, 0.1, 0.06), phase, strict=True)
        )
        half = 0.5 * size * (1 + lumps)
        path = (
            1.2
            * np.sqrt(np.clip(half**2 - r**2, 0, None))
            * (1 + 0.5 * np.cos(r / size * 9 + phase[0]))
        )
    canvas += _DENSE * 0.5 * ndi.gaussian_filter(path.astype(np.float32), 0.45)


def draw_calcifications(
    rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float
) -> Solid:
    """A group of ``radius`` mm."""
    morphology = plan.descriptors["calcification morphology"]
    distribution = plan.descriptors["calcification distribution"]
    where, what, bed = rng.spawn(3)
    canvas = np.zeros(site.shape, np.float32)
    along = _duct_axes(site)[0]
    if morphology == "vascular":
        places = _tram_track(where, radius, site)
    else:
        places = _places(where, distribution, morphology, radius, site)
    n = len(places)
    if morphology in ("round", "vascular"):
        _specks(canvas, site, places, what.uniform(0.35, 0.85, n), _DENSE)
    elif morphology == "amorphous":
        _specks(canvas, site, places, what.uniform(0.16, 0.34, n), _DENSE)
    elif morphology == "coarse heterogeneous":
        for shift in range(3):  # of three balls, so irregular
            _specks(
                canvas,
                site,
                places + what.normal(0, 0.28, (n, 3)) * (shift > 0),
                what.uniform(0.45, 0.95, n),
                0.7 * _DENSE,
            )
    elif morphology == "fine pleomorphic":
        _rods(what, canvas, site, places, (0.3, 1.0), (0.28, 0.5), None)
        canvas *= _DENSE
    elif morphology == "fine linear":
        _rods(what, canvas, site, places, (1.0, 3.0), (0.28, 0.48), along)
        canvas *= _DENSE
    elif morphology == "milk of calcium":
        # Calcium that has settled in small cysts: a smudge from above, a crescent from the side.
        for place in places:
            _settled(what, canvas, site, place)
    else:
        for place in places:
            size = what.uniform(2.2, 5.0) if morphology == "rim" else what.uniform(1.8, 4.2)
            _shaped(what, canvas, site, place, float(size), morphology == "rim")
    region = _marked(canvas > 0.25 * max(float(canvas.max()), 1e-6), site.px_per_mm)
    dense = (
        bed.uniform(0.5, 3.0)
        if morphology in ("amorphous", "fine pleomorphic", "fine linear")
        else 0.3
    )
    front = dense * ndi.gaussian_filter(region.astype(np.float32), 3.0 * site.px_per_mm)
    return Solid(site, *empty_body(site), calcium=canvas, region=region, front=front)


def _settled(rng: np.random.Generator, canvas: FloatArray, site: Site, place: Points) -> None:
    column, row, _ = site.project(place[None])
    size = rng.uniform(0.8, 2.0)
    mm = 1 / site.px_per_mm
    x = (np.arange(canvas.shape[1])[None] - column[0]) * mm / size
    y = (np.arange(canvas.shape[0])[:, None] - row[0]) * mm / size
    r = np.hypot(x, y)
    if site.view == "CC":
        path = 0.10 * np.exp(-((r / 0.9) ** 4))
    else:
        path = (
            0.45
            * np.exp(-(((r - 0.75) / 0.22) ** 2))
            / (1 + np.exp(np.clip(-9 * (y - 0.25), -30, 30)))
        )
    canvas += np.asarray(0.5 * path * size, np.float32)


def _marked(particles: BoolArray, px_per_mm: float) -> BoolArray:
    """One area around neighbouring particles, as a reader would outline a group."""
    if not particles.any():
        return particles
    near = ndi.distance_transform_edt(~particles) < 3.6 * px_per_mm
    inside = ndi.distance_transform_edt(np.pad(near, 1))[1:-1, 1:-1] > 2.4 * px_per_mm
    return np.asarray(inside | particles)


def _tram_track(rng: np.random.Generator, radius: float, site: Site) -> Points:
    """Two parallel dotted lines: the calcified walls of an artery."""
    along, aside, other = _duct_axes(site)
    turn = rng.normal(0, 0.5)
    along, aside = (
        along * np.cos(turn) + aside * np.sin(turn),
        aside * np.cos(turn) - along * np.sin(turn),
    )
    t = np.linspace(-1.6 * radius, 1.6 * radius, max(24, int(3.2 * radius / 0.6)))
    bend = 0.22 * radius * np.sin(t / radius * 1.5 + rng.uniform(0, 6)) + 0.05 * radius * np.sin(
        t / radius * 5
    )
    wall = rng.uniform(0.8, 1.3)
    patchy = ndi.gaussian_filter1d(rng.normal(size=(2, len(t))), 3, axis=1)
    keep = patchy > np.quantile(patchy, 0.3)
    u = np.r_[t[keep[0]], t[keep[1]]]
    v = np.r_[(bend - wall)[keep[0]], (bend + wall)[keep[1]]]
    turn = rng.uniform(0, 2 * np.pi)
    return np.outer(u, along) + np.outer(v, aside) + np.outer(0.1 * v * np.sin(turn), other)


KIND = LesionKind(
    CALCIFICATIONS,
    share=0.16,
    log_odds=0.0,
    draw=draw_calcifications,
    terms={
        "calcification morphology": CALCIFICATION_MORPHOLOGY,
        "calcification distribution": CALCIFICATION_DISTRIBUTION,
    },
    given={"calcification distribution": GIVEN["calcification distribution"]},
    finding=(
        "{calcification morphology} calcifications, {calcification distribution} distribution"
    ).format_map,
    cues={
        "calcification morphology": "the {} particles",
        "calcification distribution": "their {} distribution",
    },
    reach=3.4,
    size=0.85,
)

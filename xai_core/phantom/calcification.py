"""Drawing of calcifications: dots, rims and rods, arranged in the lexicon's distributions.

They are drawn enlarged (1 to 2.5 px of a 384 px picture), since real ones would be smaller than a
pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import (
    CALCIFICATION_DISTRIBUTION,
    CALCIFICATION_MORPHOLOGY,
    CALCIFICATIONS,
    GIVEN,
)
from xai_core.phantom.shapes import Drawing, window_around
from xai_core.types import BoolArray, FloatArray

# Standard deviation of the group across and along its axis, in lesion radii, and the range of the
# number of particles.
_LAYOUT = {
    "grouped": (0.55, 0.55, (6, 18)),
    "linear": (0.12, 1.3, (8, 18)),
    "segmental": (0.45, 1.4, (14, 30)),
    "regional": (1.6, 1.6, (14, 30)),
    "diffuse": (2.6, 2.6, (14, 30)),
}


def draw_calcifications(
    rng: np.random.Generator, plan: LesionPlan, shape: tuple[int, int],
    centre: tuple[float, float], radius: float, scale: float,
) -> Drawing:  # fmt: skip
    """A group of ``radius`` px around ``centre`` (column, row); ``scale``: px per px of a 512 px
    high picture."""
    morphology = plan.descriptors["calcification morphology"]
    across, along, (few, many) = _LAYOUT[plan.descriptors["calcification distribution"]]
    n = int(rng.integers(few, many + 1))
    if morphology in ("coarse (popcorn)", "rim"):
        n = max(2, n // 5)
    axis = rng.uniform(0, np.pi)
    # A larger area gets more particles instead of wider distances.
    reach = min(radius, 40 * scale)
    n = round(n * max(1.0, reach / (20 * scale)))
    u, v = rng.normal(0, along, n) * reach * 0.6, rng.normal(0, across, n) * reach * 0.6
    if morphology == "vascular":
        u, v = _tram_track(rng, reach, scale)
    px = u * np.cos(axis) - v * np.sin(axis)
    py = u * np.sin(axis) + v * np.cos(axis)
    window = window_around(shape, centre, float(np.abs(np.r_[px, py]).max()) + 14 * scale)
    added = np.zeros(window.dx.shape, np.float32)
    for x, y in zip(px, py, strict=True):
        added = np.maximum(
            added, _particle(rng, morphology, window.dx - x, window.dy - y, scale, axis)
        )
    mask = _marked(added > 0.2, scale)
    # Particles have a higher contrast than a mass; the tissue around them is somewhat dense.
    bed = rng.uniform(0.1, 0.45) * ndi.gaussian_filter(mask.astype(np.float32), 7 * scale)
    solid = np.clip(3.0 * added, 0, 1).astype(np.float32)
    return Drawing(window, (3.0 * added + bed).astype(np.float32), mask, solid)


def _marked(particles: BoolArray, scale: float) -> BoolArray:
    """One connected area around neighbouring particles, as a reader would outline a group."""
    near = ndi.distance_transform_edt(~particles) < 11 * scale
    inside = ndi.distance_transform_edt(near) > 5 * scale
    return np.asarray(inside | particles)


def _tram_track(
    rng: np.random.Generator, reach: float, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two parallel dotted lines: the calcified walls of an artery."""
    along = np.linspace(-1.8 * reach, 1.8 * reach, max(8, int(3.6 * reach / (2.2 * scale))))
    bend = 0.25 * reach * np.sin(along / reach + rng.uniform(0, 6))
    wall = rng.uniform(2.0, 3.2) * scale
    keep = rng.random((2, len(along))) < 0.75
    keep[:, 0] = True
    u = np.r_[along[keep[0]], along[keep[1]]]
    v = np.r_[(bend - wall)[keep[0]], (bend + wall)[keep[1]]]
    return u, v


def _particle(
    rng: np.random.Generator, morphology: str, dx: FloatArray, dy: FloatArray,
    scale: float, axis: float,
) -> FloatArray:  # fmt: skip
    """One particle of peak about 1 at the origin of ``dx``, ``dy`` (px)."""
    r = np.hypot(dx, dy)
    if morphology == "coarse (popcorn)":
        size = rng.uniform(3.0, 6.0) * scale
        about = np.arctan2(dy, dx)
        lumps = 1 + rng.uniform(0.1, 0.25) * np.cos(3 * about + rng.uniform(0, 6))
        lumps += rng.uniform(0.05, 0.2) * np.cos(4 * about + rng.uniform(0, 6))
        out = 1.2 / (1 + np.exp(np.clip((r - size * lumps) / (0.6 * scale), -40, 40)))
    elif morphology == "rim":
        size = rng.uniform(3.0, 6.0) * scale
        out = 1.1 * np.exp(-(((r - size) / (0.9 * scale)) ** 2)) + 0.15 * (r < size)
    elif morphology == "coarse heterogeneous":
        size = rng.uniform(1.6, 2.8) * scale
        lumps = 1 + 0.3 * np.cos(3 * np.arctan2(dy, dx) + rng.uniform(0, 6))
        out = rng.uniform(0.7, 1.2) / (
            1 + np.exp(np.clip((r - size * lumps) / (0.6 * scale), -40, 40))
        )
    elif morphology in ("round", "vascular"):
        size = rng.uniform(1.2, 1.9) * scale
        out = rng.uniform(0.8, 1.2) * np.exp(-((r / size) ** 2))
    elif morphology == "amorphous":
        size = rng.uniform(1.0, 1.8) * scale
        out = rng.uniform(0.35, 0.6) * np.exp(-((r / size) ** 2))
    else:
        # Fine pleomorphic: short rods in all directions.  Fine linear: longer ones along the duct.
        linear = morphology == "fine linear"
        turn = axis + rng.normal(0, 0.25) if linear else rng.uniform(0, np.pi)
        length = scale * (rng.uniform(2.5, 5.5) if linear else rng.uniform(0.9, 2.4))
        width = scale * rng.uniform(0.7, 1.0)
        s, c = float(np.sin(turn)), float(np.cos(turn))
        out = rng.uniform(0.6, 1.3) * np.exp(
            -(((dx * c + dy * s) / length) ** 2) - (((dy * c - dx * s) / width) ** 2)
        )
    return np.asarray(out, dtype=np.float32)


KIND = LesionKind(
    CALCIFICATIONS,
    share=0.15,
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
)

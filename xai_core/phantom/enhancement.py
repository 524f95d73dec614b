"""Enhancement of lesions in the recombined image, in the lexicon's mass and non-mass patterns."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.lexicon import CONSPICUITY_TERM, MASS, NON_MASS_TERM, PATTERN_TERM
from xai_core.phantom.place import Lesion
from xai_core.phantom.tissue import Background
from xai_core.types import BoolArray, FloatArray

_GREY = {"low": 12.0, "moderate": 36.0, "high": 84.0}  # above the surrounding tissue, of 255


def draw_enhancement(
    rng: np.random.Generator, background: Background, lesion: Lesion
) -> tuple[FloatArray, BoolArray]:
    """The grey values to add, float32 (H, W), and the enhancing region, bool (H, W), empty where
    the lesion does not enhance; both on the low-energy image's grid."""
    terms = lesion.plan.descriptors
    shape = lesion.mask.shape
    pattern = terms[PATTERN_TERM.get(lesion.plan.kind, NON_MASS_TERM)]
    if pattern == "none":
        return np.zeros(shape, np.float32), np.zeros(shape, bool)
    grey = _GREY[terms[CONSPICUITY_TERM]] * float(np.exp(rng.normal(0, 0.28)))
    if lesion.plan.kind == MASS:
        added, region = _mass(rng, background, lesion, pattern)
    else:
        added, region = _non_mass(rng, background, lesion, pattern)
    region = region & (background.depth > 2 * background.scale)
    return np.asarray(grey * added * background.breast, dtype=np.float32), region


def _mass(
    rng: np.random.Generator, background: Background, lesion: Lesion, pattern: str
) -> tuple[FloatArray, BoolArray]:
    """Enhancement of a mass: homogeneous, heterogeneous, rim, or with dark septations."""
    inside = ndi.distance_transform_edt(lesion.mask).astype(np.float32)
    outside = ndi.distance_transform_edt(~lesion.mask).astype(np.float32)
    signed = inside - outside
    soft = max(1.0, 0.06 * lesion.radius) + 0.6 * background.scale
    body = 1 / (1 + np.exp(np.clip(-signed / soft, -40, 40)))
    lumps = _lumps(rng, lesion.mask.shape, 0.3 * lesion.radius + 1)
    finer = _lumps(rng, lesion.mask.shape, 0.09 * lesion.radius + 1)
    body *= 1 + 0.07 * finer
    if pattern == "homogeneous":
        body *= 1 + 0.06 * lumps
    elif pattern == "heterogeneous":
        body *= np.clip(0.85 + 0.25 * lumps + 0.18 * finer, 0.25, 1.7)
    elif pattern == "rim":
        deep = inside / max(float(inside.max()), 1.0)
        wall = np.clip(0.38 + 0.10 * lumps, 0.12, 0.7)  # a rim of varying thickness
        body *= 1 - 0.7 / (1 + np.exp(np.clip((wall - deep) / 0.08, -40, 40)))
    else:
        y, x = np.mgrid[: body.shape[0], : body.shape[1]].astype(np.float32)
        turn = rng.uniform(0, np.pi)
        across = (x * np.cos(turn) + y * np.sin(turn)) / (0.55 * lesion.radius + 1)
        body *= 1 - 0.5 * np.exp(-((np.sin(np.pi * across + 0.4 * lumps) / 0.22) ** 2))
    return np.asarray(body, dtype=np.float32), lesion.mask.copy()


def _non_mass(
    rng: np.random.Generator, background: Background, lesion: Lesion, pattern: str
) -> tuple[FloatArray, BoolArray]:
    """Non-mass enhancement: a clumped area around the lesion, with an outline that follows the
    distribution."""
    h, w = lesion.mask.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    radius = max(lesion.radius, 9 * background.scale)
    dx, dy = x - lesion.centre[0], y - lesion.centre[1]
    duct = np.arctan2(
        background.nipple[1] - lesion.centre[1], background.nipple[0] - lesion.centre[0]
    )
    u, v = dx * np.cos(duct) + dy * np.sin(duct), dy * np.cos(duct) - dx * np.sin(duct)
    if pattern == "linear":
        far = np.hypot(u / (1.7 * radius), v / (0.28 * radius))
    elif pattern == "segmental":  # a wedge with its tip towards the nipple
        width = np.clip(0.75 - 0.3 * u / radius, 0.12, 1.4)
        far = np.hypot(u / (1.6 * radius), v / (width * radius))
    elif pattern == "regional":
        far = np.hypot(u / (1.9 * radius), v / (1.5 * radius))
    elif pattern == "diffuse":
        far = 1.5 * (1 - background.glands)
    else:
        far = np.hypot(u, v) / radius
    clumps = _lumps(rng, (h, w), max(2.0, 0.22 * radius))
    finer = _lumps(rng, (h, w), max(1.5, 0.08 * radius))
    body = 1 / (1 + np.exp(np.clip((far - 1 + 0.15 * clumps) / 0.16, -40, 40)))
    region = ndi.binary_closing(body > 0.5, iterations=max(1, round(background.scale)))
    return np.asarray(
        body * np.clip(0.8 + 0.28 * clumps + 0.22 * finer, 0.1, 1.8), np.float32
    ), region


def _lumps(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> FloatArray:
    """A random texture of lumps about ``size`` px wide, zero mean and unit variance."""
    step = max(1, int(size / 2))
    coarse = rng.standard_normal([n // step + 3 for n in shape], dtype=np.float32)
    coarse = ndi.gaussian_filter(coarse, size / step / 2)
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / step
    columns = np.arange(shape[1], dtype=np.float32)[None] / step
    out = np.empty(shape, np.float32)
    ndi.map_coordinates(coarse, np.broadcast_arrays(rows, columns), out, order=1)
    return np.asarray((out - out.mean()) / max(float(out.std()), 1e-6), dtype=np.float32)

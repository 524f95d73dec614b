"""Enhancement of lesions in the recombined image, in the lexicon's mass and non-mass patterns.

Iodine is a share of each voxel of the lesion's solid, or of the tissue about it; the beam's path
through it is what the recombined image shows.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lexicon import CONSPICUITY_TERM
from xai_core.phantom.place import Lesion
from xai_core.phantom.solid import LEVELS, Lumps, Site, Solid
from xai_core.phantom.tissue import Background
from xai_core.types import BoolArray, FloatArray

_GREY = {"low": 13.0, "moderate": 36.0, "high": 80.0}  # above the surrounding tissue, of 255


def draw_enhancement(
    rng: np.random.Generator, background: Background, lesion: Lesion
) -> tuple[FloatArray, BoolArray]:
    """The grey values to add, float32 (H, W), and the enhancing region, bool (H, W), empty where
    the lesion does not enhance; both on the low-energy image's grid."""
    terms = lesion.plan.descriptors
    kind = LESION_KINDS[lesion.plan.kind]
    shape = background.breast.shape
    pattern = terms[kind.pattern_term]
    added, region = np.zeros(shape, np.float32), np.zeros(shape, bool)
    if pattern == "none" or lesion.solid is None:
        return added, region
    grey = _GREY[terms[CONSPICUITY_TERM]] * float(np.exp(rng.normal(0, 0.28)))
    if pattern == "diffuse":
        path = background.uptake / max(float(np.percentile(background.uptake, 98)), 1e-6)
        region = (path > 0.5) & (background.depth > 4 * background.scale)
        return np.asarray(grey * np.clip(path, 0, 1.3), np.float32), region
    radius = lesion.radius / background.px_per_mm
    if kind.solid:
        site, iodine = _mass(rng, lesion.solid, pattern, radius)
    else:
        site, iodine = _non_mass(rng, lesion.solid.site, pattern, radius)
    path = iodine.sum(0)
    peak = float(np.percentile(path[path > 0.3 * path.max()], 80)) if path.max() > 0 else 1.0
    path = path / max(peak, 1e-6)
    here = (site.rows, site.columns)
    inside = background.breast[here] & (background.depth[here] > 2 * background.scale)
    added[here] = grey * np.clip(path, 0, 1.6) * inside
    region[here] = (path > 0.5 if pattern != "rim" else _filled(path)) & inside
    if not region.any():  # wholly in the skin
        region[here] = inside if inside.any() else True
    return added, region


def _filled(path: FloatArray) -> BoolArray:
    """The region within a rim."""
    return np.asarray(ndi.binary_fill_holes(path > 0.4))


def _mass(
    rng: np.random.Generator, solid: Solid, pattern: str, radius: float
) -> tuple[Site, FloatArray]:
    """Iodine in a mass, (nz, ny, nx) of its core: homogeneous, heterogeneous, rim, with dark
    septations, or washed out."""
    core, far = solid.core, solid.far
    body = 1 / (1 + np.exp(np.clip((far - 1) * 9, -30, 30)))
    lumps = Lumps.draw(rng, 0.3 * radius + 0.4, 4 * radius, 0.5)
    finer = Lumps.draw(rng, 0.11 * radius + 0.4, 4 * radius, 0.5)
    wall, turn = rng.uniform(0.10, 0.20), rng.normal(size=3)
    coarse, fine = lumps.at(core), finer.at(core)
    if pattern == "homogeneous":
        iodine = body * (1 + 0.10 * coarse + 0.06 * fine)
    elif pattern == "heterogeneous":
        iodine = body * np.clip(0.85 + 0.32 * coarse + 0.16 * fine, 0.25, 1.9)
    elif pattern == "rim":
        depth = (far - 1 + 0.08 * coarse + wall) / (wall * np.clip(1 + 0.35 * coarse, 0.5, 1.8))
        iodine = np.exp(-(depth**2)) * np.clip(1 + 0.3 * fine, 0.3, 1.8) + 0.10 * body
    elif pattern == "washed out":
        iodine = body * np.clip(0.35 + 0.65 * far**3, 0, 1)
    else:
        frame = core.frame()
        turn /= np.linalg.norm(turn)
        across = sum(t * x for t, x in zip(turn, frame, strict=True)) / (0.62 * radius + 0.5)
        septa = np.exp(-((np.sin(np.pi * across + 0.5 * coarse) / 0.24) ** 2))
        iodine = body * (1 - 0.8 * septa) * (1 + 0.05 * fine)
    return core, np.asarray(iodine, np.float32)


def _non_mass(
    rng: np.random.Generator, whole: Site, pattern: str, radius: float
) -> tuple[Site, FloatArray]:
    """Iodine of a non-mass enhancement, (nz, ny, nx): clumps whose extent follows the
    distribution along the ducts."""
    radius = max(radius, 5.0)
    site = whole.inner(2.1 * radius, 1.1 * radius)
    behind, lateral, up = site.frame()
    frame = np.stack(np.broadcast_arrays(behind, lateral, up))
    axis = np.array(site.to_nipple, np.float32)
    along = np.tensordot(axis, frame, axes=1) / radius
    across = np.sqrt(np.clip((frame**2).sum(0) / radius**2 - along**2, 0, None))
    if pattern == "linear":
        far = np.hypot(along / 1.5, across / 0.22)
    elif pattern == "segmental":  # a wedge with its tip towards the nipple
        far = np.hypot((along + 0.1) / 1.5, across / np.clip(0.62 - 0.32 * along, 0.10, 1.2))
    elif pattern == "regional":
        far = np.hypot(along / 1.5, across / 1.25)
    else:
        far = np.hypot(along, across) / 0.8
    clumps = Lumps.draw(rng, 0.20 * radius, 5 * radius, 0.5).at(site)
    finer = Lumps.draw(rng, 0.09 * radius + 0.3, 4 * radius, 0.5).at(site)
    body = 1 / (1 + np.exp(np.clip((far - 1 + 0.28 * clumps) / 0.13, -30, 30)))
    iodine = body * np.clip(0.7 + 0.38 * clumps + 0.3 * finer, 0.08, 2.0)
    assert iodine.shape[0] == LEVELS  # noqa: S101
    return site, np.asarray(iodine, np.float32)

"""Where a lesion goes, and how it is put into the tissue there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom import materials
from xai_core.phantom.anatomy import MM_HIGH, VIEWS, Breast, to_view
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.outline import Outline, draw_outline
from xai_core.phantom.solid import Pull, Site, Solid
from xai_core.phantom.tissue import SLABS, Background, equalised
from xai_core.types import BoolArray, FloatArray

Place = tuple[float, float, float]
"""Anatomical coordinates, mm from the nipple: behind it, lateral, up."""

# --- Where it goes ----------------------------------------------------------------------------

_COARSE = 128  # height of the outlines that places are tested in, px
_TRIED = 600


@dataclass(frozen=True, eq=False)
class Lesion:
    """A lesion where it lies: ``centre`` (column, row) and ``radius`` in px; ``beam``: mm of its
    centre from the middle between the plates; ``behind``: mm behind the nipple, the same in both
    views; ``mask`` bool (H, W); ``thin``: the mask of its spicules; ``solid``: what was drawn."""

    plan: LesionPlan
    centre: tuple[float, float]
    radius: float
    beam: float
    behind: float
    mask: BoolArray
    thin: BoolArray
    solid: Solid | None = None


def lesion_radius(plan: LesionPlan, background: Background) -> float:
    """Radius in mm: as planned, smaller where the breast has no room for it."""
    deepest = float(background.depth.max()) / background.px_per_mm
    planned = 0.5 * plan.diameter * LESION_KINDS[plan.kind].size
    return min(planned, 0.46 * background.plates, 0.55 * deepest)


def draw_place(
    rng: np.random.Generator, background: Background, radius: float, taken: Sequence[Place] = ()
) -> Place:
    """A place for a lesion of ``radius`` mm that both views of the breast show: under the skin,
    between the plates, away from those ``taken``, rather in the glandular cone."""
    breast = background.anatomy
    if breast is None:
        return _place_in_picture(rng, background, radius)
    shape = breast.shape
    behind = rng.uniform(6, shape.reach * MM_HIGH, _TRIED)
    lateral, up = rng.uniform(-65, 85, _TRIED), rng.uniform(-50, 75, _TRIED)
    room = np.full(_TRIED, np.inf)
    for view in VIEWS:
        outline = _coarse_outline(breast.seed, breast.side, breast.density, view)
        row, beam = to_view(view, lateral, up)
        mm = MM_HIGH / _COARSE
        y = np.rint(outline.nipple[1] + row / mm).astype(int)
        x = np.rint(outline.nipple[0] - behind / mm).astype(int)
        h, w = outline.depth.shape
        seen = (y >= 0) & (y < h) & (x >= 0) & (x < w)
        under = np.where(seen, outline.depth[y.clip(0, h - 1), x.clip(0, w - 1)] * mm, -9)
        half = 0.5 * shape.thickness
        room = np.minimum(room, under - 0.75 * radius - 3)
        room = np.minimum(room, half - np.abs(beam) - 0.5 * radius + 3)
        edge = np.minimum(np.minimum(y, h - 1 - y), x) * mm
        room = np.minimum(room, edge - 0.35 * radius)
    for other in taken:
        gap = np.sqrt((behind - other[0]) ** 2 + (lateral - other[1]) ** 2 + (up - other[2]) ** 2)
        room = np.minimum(room, gap - 1.6 * radius)
    far = np.sqrt(
        ((behind - shape.gland_back) / shape.gland_reach) ** 2
        + ((lateral - shape.upper_outer) ** 2 + (up - shape.upper_outer) ** 2) / shape.gland_wide**2
    )
    weight = 0.25 + np.clip(1.5 - far, 0, 1.2)
    fits = room > 0
    # In a breast without room for it the lesion goes where there is most.
    weight = np.where(fits, weight, 0) if fits.any() else (room >= room.max()).astype(float)
    k = int(rng.choice(_TRIED, p=weight / weight.sum()))
    return float(behind[k]), float(lateral[k]), float(up[k])


@lru_cache(maxsize=64)
def _coarse_outline(seed: int, side: str, density: str, view: str) -> Outline:
    return draw_outline(Breast.draw(seed, side, density), view, _COARSE)


def _place_in_picture(rng: np.random.Generator, background: Background, radius: float) -> Place:
    """A place in the tissue of a real picture, in the middle between the plates."""
    px = background.px_per_mm
    depth = background.depth[::2, ::2] / px
    rows, columns = np.mgrid[: depth.shape[0], : depth.shape[1]] * 2
    weight = 0.3 + background.glands[::2, ::2]
    for need in (0.8 * radius + 3, 0.4 * radius, 0.0):
        keep = np.flatnonzero(depth > need)
        if len(keep) > 50:
            break
    else:
        keep = np.array([int(depth.argmax())])
    chance = weight.ravel()[keep].astype(np.float64)
    k = int(keep[rng.choice(len(keep), p=chance / chance.sum())])
    behind = (background.nipple[0] - columns.ravel()[k]) / px
    row = (rows.ravel()[k] - background.nipple[1]) / px
    # The place whose row is this one and which lies in the middle of the beam.
    turn = np.pi / 4 if background.view == "MLO" else 0.0
    across = -row / 1.12
    return float(behind), float(across * np.cos(turn)), float(across * np.sin(turn))


# --- Tissue with lesions ----------------------------------------------------------------------


@dataclass(eq=False)
class Tissue:
    """The tissue of a view while lesions are put in; the arrays are its own.

    As in :class:`Background`, and ``calcium``: path in mm; ``metal``: bool.
    """

    slabs: FloatArray
    skin: FloatArray
    thickness: FloatArray
    depth: FloatArray
    calcium: FloatArray
    metal: BoolArray
    shown: FloatArray

    @classmethod
    def of(cls, background: Background) -> Tissue:
        """The normal tissue of ``background``."""
        shape = background.breast.shape
        return cls(
            background.slabs.astype(np.float32), background.skin.astype(np.float32),
            background.thickness.astype(np.float32),
            background.depth.copy(), np.zeros(shape, np.float32), np.zeros(shape, bool),
            background.tissue.copy(),
        )  # fmt: skip


def insert(
    rng: np.random.Generator, background: Background, tissue: Tissue, plan: LesionPlan,
    place: Place, radius: float,
) -> Lesion:  # fmt: skip
    """Put a lesion into ``tissue``, which is changed in a box about it and nowhere else.

    ``radius`` in mm.
    """
    kind = LESION_KINDS[plan.kind]
    site = site_of(background, place, radius * kind.reach + 2, 1.5 * radius)
    solid = kind.draw(rng, plan, site, radius)
    here = (site.rows, site.columns)
    if solid.pull is not None:
        _pull(background, tissue, solid.site, solid.pull, min(1.0, 2 * plan.gain))
    inside = (tissue.depth[here] > 1.2 * background.px_per_mm) & background.breast[here]
    _fill(tissue, solid, plan.gain, inside, background.plates)
    if solid.calcium is not None:
        tissue.calcium[here] += plan.gain * solid.calcium * inside
    if solid.metal is not None:
        tissue.metal[here] |= solid.metal & inside
    calcium = materials.in_gland(materials.CALCIUM) * tissue.calcium[here]
    tissue.shown[here] = equalised(
        tissue.slabs[:, site.rows, site.columns].sum(0) + calcium,
        tissue.skin[here], tissue.thickness[here],
    ) - background.evened[here]  # fmt: skip
    h, w = background.breast.shape
    mask, thin = np.zeros((h, w), bool), np.zeros((h, w), bool)
    mask[here], thin[here] = solid.mask() & inside, solid.thin_mask() & inside
    if not mask.any():  # a lesion that lies wholly in the skin still has its place
        row, column = (round(c) for c in site.centre[::-1])
        mask[min(max(row, 0), h - 1), min(max(column, 0), w - 1)] = True
    return Lesion(
        plan, site.centre, radius * background.px_per_mm, site.beam, place[0], mask, thin, solid
    )


def site_of(background: Background, place: Place, reach: float, deep: float) -> Site:
    """The box of half width ``reach`` mm about a place."""
    px = background.px_per_mm
    row, beam = to_view(background.view, place[1], place[2])
    centre = (background.nipple[0] - place[0] * px, background.nipple[1] + float(row) * px)
    h, w = background.breast.shape
    columns, rows = (
        slice(min(max(0, int(c - reach * px)), n - 2), max(2, min(n, int(c + reach * px) + 2)))
        for c, n in zip(centre, (w, h), strict=True)
    )
    away = np.array(place) + 1e-6
    x, y, z = -away / np.linalg.norm(away)
    limit = 0.46 * background.plates
    return Site(
        background.view, rows, columns, centre, float(np.clip(beam, -limit, limit)), px,
        (float(x), float(y), float(z)), deep, background.scale,
    )  # fmt: skip


def _slab_middles(plates: float) -> FloatArray:
    middles = ((np.arange(SLABS) + 0.5) / SLABS - 0.5) * plates
    return np.asarray(middles, np.float32)


def _pull(background: Background, tissue: Tissue, site: Site, pull: Pull, share: float) -> None:
    """Draw the slabs near the lesion towards it, and the skin where it is near."""
    here = (site.rows, site.columns)
    flat = site.radius
    reach = float(max(np.abs(site.x).max(), np.abs(site.y).max()))
    # Nothing moves at the box's border.
    fade = np.clip((reach - flat) / (0.3 * reach), 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    rows, columns = np.mgrid[: site.shape[0], : site.shape[1]].astype(np.float32)
    px = site.px_per_mm
    along_x, along_y = site.x / (flat + 1e-3), site.y / (flat + 1e-3)

    def moved(picture: FloatArray, away: float, order: int) -> FloatArray:
        distance = np.sqrt(flat * flat + away * away)
        shift = share * pull.shift(distance) * (flat / (distance + 1e-3)) * fade * px
        where = [rows + shift * along_y, columns + shift * along_x]
        return np.asarray(
            ndi.map_coordinates(picture, where, order=order, mode="nearest"), np.float32
        )

    for k, middle in enumerate(_slab_middles(background.plates)):
        away = abs(float(middle) - site.beam)
        if pull.strength * pull.radius * np.exp(-((away / pull.reach) ** 2)) * px < 0.4:
            continue
        slab = tissue.slabs[k][here]
        tissue.slabs[k][here] = np.maximum(moved(slab, away, 3), 0)
    near = float(background.depth[here].min()) < 2.0 * px
    if near:
        away = 0.6 * pull.radius
        for picture in (tissue.skin, tissue.thickness, tissue.depth):
            picture[here] = moved(picture[here], away, 1)
        # The skin thickens over what pulls at it.
        close = np.exp(-((flat / (1.6 * pull.radius)) ** 2))
        tissue.skin[here] *= 1 + 0.5 * share * close * (tissue.thickness[here] > 0)


def _fill(
    tissue: Tissue, solid: Solid, gain: float, inside: BoolArray, plates: float
) -> None:  # fmt: skip
    """The body and the thin parts, in place of or beside the tissue of their slabs."""
    site, core = solid.site, solid.core
    part = site.within(core)
    rows = slice(core.rows.start, core.rows.stop)
    columns = slice(core.columns.start, core.columns.stop)
    slab = ((core.z + site.beam) / plates + 0.5) * SLABS
    number = np.clip(slab.astype(int), 0, SLABS - 1)
    thick = plates / SLABS
    allowed = inside[part].astype(np.float32)
    weighed = solid.body * np.asarray(solid.density, np.float32)
    rim = _halo(solid) if solid.halo else None
    for k in np.unique(number):
        mine = number == k
        share = np.clip(solid.body[mine].sum(0) * core.level / thick, 0, 1)
        path = weighed[mine].sum(0) * core.level
        old = tissue.slabs[k, rows, columns]
        change = path - (old * share if solid.replaces else 0)
        if rim is not None:
            lucent = np.clip(rim[mine].sum(0) * core.level / thick, 0, 1 - share)
            change -= old * solid.halo * lucent
        tissue.slabs[k, rows, columns] = np.maximum(old + gain * change * allowed, 0)
    here = (site.rows, site.columns)
    middle = int(np.clip((site.beam / plates + 0.5) * SLABS, 0, SLABS - 1))
    if solid.thin is not None:
        tissue.slabs[middle][here] += gain * solid.thin * inside
    if solid.front is not None:
        before = 0 if middle >= SLABS // 2 else SLABS - 1
        tissue.slabs[before][here] += solid.front * inside


_HALO_AT, _HALO_WIDTH = 0.7, 0.6  # mm from the surface, and half width


def _halo(solid: Solid) -> FloatArray:
    """Share of each voxel that is the fat which a growing mass has pressed flat about it: seen from
    the side, along the border, a thin lucent line, and face-on hardly anything."""
    radius = solid_radius(solid.core)
    step = np.abs(np.gradient(solid.far, axis=0)) * radius
    width = np.hypot(_HALO_WIDTH, 0.4 * step)  # a voxel is long along the beam
    away = (solid.far - 1.0) * radius - _HALO_AT
    return np.asarray(_HALO_WIDTH / width * np.exp(-((away / width) ** 2)), np.float32)


def solid_radius(core: Site) -> float:
    """A body's radius in mm, from the box that was made for it."""
    return core.deep / 1.4

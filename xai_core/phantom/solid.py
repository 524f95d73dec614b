"""What a lesion is in the volume, and the box about it in which it is drawn.

A lesion has a frame of its own: mm from its centre away from the nipple, to the outer side, and up.
It is drawn in this frame, so that both views of a breast show the same solid from their own sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.anatomy import VIEW_TURN
from xai_core.phantom.tubes import Points
from xai_core.phantom.volume import Cube, band_cube, spline_matrix
from xai_core.types import BoolArray, FloatArray

LEVELS = 20  # of a body along the beam


@dataclass(frozen=True, eq=False)
class Site:
    """A box about a lesion in one view.

    ``rows``, ``columns``: its place in the picture.  ``centre``: (column, row) of the lesion, px
    in the picture.  ``beam``: mm of its centre from the middle between the plates.
    ``px_per_mm``: of the picture.  ``to_nipple``: unit vector in the lesion's frame.
    ``deep``: half height of the box along the beam, mm.  ``scale``: px per px of a 512 px high
    picture.
    """

    view: str
    rows: slice
    columns: slice
    centre: tuple[float, float]
    beam: float
    px_per_mm: float
    to_nipple: tuple[float, float, float]
    deep: float
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the box."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def x(self) -> FloatArray:
        """Columns, mm from the centre, (1, nx)."""
        at = np.arange(self.columns.start, self.columns.stop, dtype=np.float32)
        return ((at - self.centre[0]) / self.px_per_mm)[None].astype(np.float32)

    @property
    def y(self) -> FloatArray:
        """Rows, mm from the centre, (ny, 1)."""
        at = np.arange(self.rows.start, self.rows.stop, dtype=np.float32)
        return ((at - self.centre[1]) / self.px_per_mm)[:, None].astype(np.float32)

    @property
    def z(self) -> FloatArray:
        """Middle of each level along the beam, mm from the centre, (LEVELS,)."""
        return (((np.arange(LEVELS) + 0.5) * 2 / LEVELS - 1) * self.deep).astype(np.float32)

    @property
    def level(self) -> float:
        """Thickness of a level, mm."""
        return 2 * self.deep / LEVELS

    @property
    def radius(self) -> FloatArray:
        """Distance from the centre in the picture's plane, mm, (ny, nx)."""
        return np.asarray(np.hypot(self.y, self.x), np.float32)

    def frame(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Coordinates of every voxel in the lesion's frame, mm; they broadcast to (nz, ny, nx)."""
        turn = VIEW_TURN[self.view]
        across, along = -self.y[None], self.z[:, None, None]
        return (
            -self.x[None],
            across * np.float32(np.cos(turn)) - along * np.float32(np.sin(turn)),
            across * np.float32(np.sin(turn)) + along * np.float32(np.cos(turn)),
        )

    def project(self, points: Points) -> tuple[Points, Points, Points]:
        """Column and row in the box, px, and place along the beam, mm, of points (n, 3) in the
        lesion's frame."""
        turn = VIEW_TURN[self.view]
        behind, lateral, up = points.T
        across = lateral * np.cos(turn) + up * np.sin(turn)
        along = up * np.cos(turn) - lateral * np.sin(turn)
        column = self.centre[0] - behind * self.px_per_mm - self.columns.start
        row = self.centre[1] - across * self.px_per_mm - self.rows.start
        return column, row, along

    def inner(self, reach: float, deep: float | None = None) -> Site:
        """The part of the box within ``reach`` mm of the centre; ``deep`` mm along the beam."""
        px = reach * self.px_per_mm
        rows = _cut(self.rows, self.centre[1], px)
        columns = _cut(self.columns, self.centre[0], px)
        return replace(self, rows=rows, columns=columns, deep=deep or reach)

    def within(self, inner: Site) -> tuple[slice, slice]:
        """Where a smaller box lies in this one."""
        return (
            slice(inner.rows.start - self.rows.start, inner.rows.stop - self.rows.start),
            slice(
                inner.columns.start - self.columns.start, inner.columns.stop - self.columns.start
            ),
        )


def _cut(whole: slice, centre: float, px: float) -> slice:
    start = min(max(whole.start, int(centre - px)), whole.stop - 1)
    return slice(start, max(start + 1, min(whole.stop, int(centre + px) + 2)))


@dataclass(frozen=True)
class Pull:
    """How far tissue is drawn towards the lesion's centre: by ``strength`` times ``radius`` mm near
    it, and less beyond ``reach`` mm."""

    strength: float
    radius: float
    reach: float

    def shift(self, distance: FloatArray) -> FloatArray:
        """mm by which tissue now ``distance`` mm from the centre was moved."""
        near = np.clip(distance / (0.6 * self.radius), 0, 1)
        return np.asarray(
            self.strength * self.radius * near * np.exp(-((distance / self.reach) ** 2)), np.float32
        )


@dataclass(frozen=True, eq=False)
class Solid:
    """A lesion in its box.

    ``site``: the whole box.  ``core``: the part of it that holds the body.  ``body``: share of each
    voxel that is the solid's, (nz, ny, nx) of the core.  ``far``: distance from the centre in
    radii, 1 at the border, of the same shape.  ``density``: gland per mm of body.  ``replaces``:
    whether it takes the place of tissue, or is added to it.  ``thin``: path through thin parts,
    mm of gland; ``front``: the same of normal tissue that lies before it; ``calcium``: mm of
    calcium; ``metal``: bool; ``region``: what counts as the lesion where it is not the body; all
    (ny, nx) of the box.  ``pull``: see there.  ``halo``: depth in [0, 1] of the lucent rim about
    the body.
    """

    site: Site
    core: Site
    body: FloatArray
    far: FloatArray
    density: float | FloatArray = 1.0
    replaces: bool = True
    thin: FloatArray | None = None
    front: FloatArray | None = None
    calcium: FloatArray | None = None
    metal: BoolArray | None = None
    region: BoolArray | None = None
    pull: Pull | None = None
    halo: float = 0.0

    def chord(self) -> FloatArray:
        """The beam's path through the body, mm, (ny, nx) of the core."""
        return np.asarray(self.body.sum(0) * self.core.level, np.float32)

    def mask(self) -> BoolArray:
        """The projected solid at half its contrast, bool (ny, nx) of the whole box."""
        out = np.zeros(self.site.shape, bool)
        if self.region is not None:
            return out | self.region
        weighed = np.abs(self.body * self.density).sum(0)
        if weighed.size and weighed.max() > 0:
            solid = float(np.percentile(weighed[weighed > 0.25 * weighed.max()], 75))
            inside = ndi.binary_fill_holes(weighed > 0.5 * solid)
            pieces, n = ndi.label(inside)
            if n > 1:  # crumbs beside it are not outlined
                area = np.bincount(pieces.ravel())[1:]
                inside = np.isin(pieces, 1 + np.flatnonzero(area > 0.15 * area.max()))
            out[self.site.within(self.core)] = inside
        return out

    def thin_mask(self) -> BoolArray:
        """Spicules and other thin parts, bool (ny, nx) of the whole box."""
        if self.thin is None or self.thin.max() <= 0:
            return np.zeros(self.site.shape, bool)
        return np.asarray(self.thin > 0.25 * float(np.percentile(self.thin[self.thin > 0], 90)))


def empty_body(site: Site) -> tuple[Site, FloatArray, FloatArray]:
    """A core without a body: site, body and distance."""
    core = site.inner(1.0)
    return (
        core,
        np.zeros((LEVELS, *core.shape), np.float32),
        np.full((LEVELS, *core.shape), 9.0, np.float32),
    )


@dataclass(frozen=True, eq=False)
class Lumps:
    """A rough field about a lesion, in units of its standard deviation."""

    cube: Cube = field(repr=False)

    @classmethod
    def draw(
        cls, rng: np.random.Generator, size: float, extent: float, width: float = 0.4
    ) -> Lumps:
        """Lumps about ``size`` mm wide that do not repeat within ``extent`` mm."""
        return cls(band_cube(rng, 2 * size, max(extent, 6 * size), width))

    def at(self, site: Site) -> FloatArray:
        """Its values at every voxel of a box, (nz, ny, nx), sampled at every few px of it."""
        wavelength = 6 * self.cube.spacing
        step = max(1, int(wavelength * site.px_per_mm / 7))
        if step == 1:
            return self.cube.at(*site.frame())
        down, across = (spline_matrix(np.arange(n) / step) for n in site.shape)
        turn = VIEW_TURN[site.view]
        y = (site.y[0, 0] + (np.arange(down.shape[1]) - 1) * step / site.px_per_mm)[None, :, None]
        x = (site.x[0, 0] + (np.arange(across.shape[1]) - 1) * step / site.px_per_mm)[None, None]
        z = site.z[:, None, None]
        values = self.cube.at(
            -x, -y * np.cos(turn) - z * np.sin(turn), z * np.cos(turn) - y * np.sin(turn)
        )
        return np.asarray(down @ values @ across.T, np.float32)

"""One breast: its shape and tissue, before it is compressed and seen in a view.

Anatomical coordinates, mm from the nipple: ``behind`` it towards the chest wall, ``lateral`` (the
outer side is positive) and ``up``.  A view turns and compresses them: a CC view is projected from
above, an MLO view from the upper inner side at 45 degrees.  So both views show the same tissue, and
a lesion lies equally far behind the nipple in both.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from xai_core.phantom.volume import Cube, band_cube, power_cube
from xai_core.types import FloatArray

Triple = tuple[FloatArray, FloatArray, FloatArray]
Numbers = Any
"""Numbers or arrays of them."""

MM_HIGH = 235.5  # height of a picture, mm: a release image is 2355 px of 0.1 mm
VIEWS = ("CC", "MLO")

# Compression spreads the tissue in the picture's plane and flattens it along the beam.
_SPREAD, _FLAT = 1.12, 0.72
VIEW_TURN = {"CC": 0.0, "MLO": np.pi / 4}

# ACR density: frequency in the release's low-energy images.
DENSITY_FREQUENCY = {"A": 0.02, "B": 0.35, "C": 0.55, "D": 0.08}
# The offset of the glandular field that usually gives a density, and its spread.
_GLANDULAR = {"A": -1.75, "B": -0.95, "C": -0.15, "D": 0.75}


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The random stream of one part of a phantom.

    Parts have streams of their own, so that another choice in one part changes no other part.
    """
    words = [zlib.crc32(name.encode()) if isinstance(name, str) else name for name in names]
    return np.random.default_rng([seed, *words])


def to_view(view: str, lateral: Numbers, up: Numbers) -> tuple[Numbers, Numbers]:
    """Place along the picture's rows (downwards) and along the beam, mm from the nipple."""
    turn = VIEW_TURN[view]
    across = lateral * np.cos(turn) + up * np.sin(turn)
    along = up * np.cos(turn) - lateral * np.sin(turn)
    return -_SPREAD * across, _FLAT * along


def from_view(view: str, row: Numbers, beam: Numbers) -> tuple[Numbers, Numbers]:
    """The inverse of :func:`to_view`: ``lateral`` and ``up`` in mm."""
    turn = VIEW_TURN[view]
    across, along = -row / _SPREAD, beam / _FLAT
    return (
        across * np.cos(turn) - along * np.sin(turn),
        across * np.sin(turn) + along * np.cos(turn),
    )


@dataclass(frozen=True)
class SheetLayer:
    """One scale of ligaments: ``wavelength`` of the folds and ``thickness`` of a sheet, mm;
    ``weight``: its density; ``stretch``: how much longer the folds are on the way to the nipple;
    ``bend``: how far they are bent, mm."""

    wavelength: float
    thickness: float
    weight: float
    stretch: float
    bend: float


LAYERS = (
    SheetLayer(44.0, 0.50, 1.6, 3.2, 5.0),
    SheetLayer(26.0, 0.46, 1.6, 2.7, 5.0),
    SheetLayer(15.0, 0.36, 1.5, 1.8, 5.0),
    SheetLayer(8.8, 0.24, 1.2, 1.3, 4.0),
    SheetLayer(5.2, 0.18, 1.0, 1.0, 4.0),
)


@dataclass(frozen=True)
class Shape:
    """Figures that both views of a breast share.

    ``reach``: from the nipple to the picture's edge in a CC view, as a fraction of the picture's
    height; ``thickness``: under the paddle, mm; ``skin``: its width, mm; ``gland_reach``,
    ``gland_wide``, ``gland_back``: half axes of the glandular cone and how far behind the nipple
    its middle lies, mm.
    """

    reach: float
    thickness: float
    skin: float
    gland_reach: float
    gland_wide: float
    gland_back: float
    upper_outer: float
    nipple: float
    in_profile: bool


@dataclass(frozen=True, eq=False)
class Breast:
    """A breast of ``seed``; ``side`` is L or R.

    The two sides of a seed are alike: the shape, the amount of gland and its slow variation are
    nearly the same; the fine tissue is of each side's own.
    """

    seed: int
    side: str
    density: str
    shape: Shape
    offset: float

    @classmethod
    def draw(cls, seed: int, side: str = "L", density: str | None = None) -> Breast:
        """The breast of ``seed``; ``density`` (A to D) is drawn by its frequency where None."""
        rng, own = stream(seed, "breast"), stream(seed, "breast", side)
        drawn = str(rng.choice(list(DENSITY_FREQUENCY), p=list(DENSITY_FREQUENCY.values())))
        density = density or drawn
        reach = float(np.clip(rng.normal(0.56, 0.095) + own.normal(0, 0.012), 0.34, 0.74))
        mm = reach * MM_HIGH
        shape = Shape(
            reach=reach,
            thickness=float(
                np.clip(rng.normal(54, 9) + 18 * (reach - 0.5) + own.normal(0, 2), 28, 82)
            ),
            skin=float(np.clip(np.exp(rng.normal(0.42, 0.25)), 0.9, 3.2)),
            gland_reach=mm * rng.uniform(0.54, 0.74),
            gland_wide=float(rng.uniform(50, 74) * (0.6 + 0.8 * reach)),
            gland_back=mm * rng.uniform(0.34, 0.48),
            upper_outer=float(rng.uniform(4, 16)),
            nipple=float(rng.uniform(0.75, 1.25)),
            in_profile=bool(rng.random() < 0.8),
        )
        offset = _GLANDULAR[density] + float(rng.normal(0, 0.2) + own.normal(0, 0.06))
        return cls(seed, side, density, shape, offset)

    # --- Fields -------------------------------------------------------------------------------

    @cached_property
    def bends(self) -> tuple[Cube, Cube, Cube]:
        """Smooth displacements that bend all tissue, in units of one standard deviation."""
        a, b, c = (
            band_cube(stream(self.seed, "bend", self.side, k), 72.0, 290, 0.4) for k in range(3)
        )
        return a, b, c

    @cached_property
    def glandular(self) -> tuple[Cube, Cube]:
        """Where gland lies: the slow field, mostly shared by both sides, and a finer one."""
        shared = power_cube(stream(self.seed, "gland"), 3.6, 3.4, 64, 90)
        own = power_cube(stream(self.seed, "gland", self.side), 3.6, 3.4, 64, 90)
        slow = Cube((0.85 * shared.values + 0.53 * own.values).astype(np.float32), 3.4)
        return slow, power_cube(stream(self.seed, "gland fine", self.side), 2.6, 1.3, 80, 26)

    @cached_property
    def lobules(self) -> Cube:
        """Fat lobules, which carve the gland."""
        return band_cube(stream(self.seed, "lobules", self.side), 17.0, 110, 0.42)

    @cached_property
    def folds(self) -> tuple[Cube, ...]:
        """The field of each layer of ligaments."""
        return tuple(
            band_cube(stream(self.seed, "sheet", self.side, k), x.wavelength, 96, 0.32)
            for k, x in enumerate(LAYERS)
        )

    @cached_property
    def patches(self) -> Cube:
        """Where ligaments are strong and where weak."""
        return band_cube(stream(self.seed, "patches", self.side), 42.0, 200, 0.45)

    @cached_property
    def uptake(self) -> Cube:
        """How lively the gland takes up contrast medium."""
        return power_cube(stream(self.seed, "uptake", self.side), 3.0, 3.0, 64, 60)

    # --- Coordinates of the tissue ------------------------------------------------------------

    def fanned(
        self, place: Triple, bends: Triple, stretch: float, bend: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Coordinates in which tissue is even: along the way to the nipple, and two across it.

        The ways run together towards a point in front of the nipple, as ducts and ligaments do,
        and are bent by up to about twice ``bend`` mm.

        Args:
            place: behind the nipple, lateral and up, mm.
            bends: values of the fields :attr:`bends` there.
            stretch: how much longer structures are on the way to the nipple.
            bend: mm.
        """
        behind, lateral, up = place
        a, b, c = bends
        front = 46.0
        ahead = front + np.maximum(behind + 0.5 * bend * a, -20.0)
        near = np.asarray((front + 55.0) / ahead, np.float32)
        along, aside, above = behind + bend * a, lateral + bend * b, up + bend * c
        return np.asarray(along / stretch, np.float32), aside * near, above * near

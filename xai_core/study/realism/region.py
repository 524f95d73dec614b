"""The marked region of a picture: how large, how bright against its surroundings, and where.

An image can have many marks, and the marks of CDD-CESM are of every finding: also of thickened
skin, as a band along the edge.  So:

- a region is a connected piece of what is marked (pieces that touch are one);
- the image's region is the largest that is not a band of skin (more than half of it within
  ``SKIN`` px of the skin's edge), and the largest of all where there is no other;
- the marked area is that of all marks together, and specks below ``SPECK`` px are not counted
  as regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.study.realism.square import Square
from xai_core.types import BoolArray, FloatArray

SKIN = 12  # px
SPECK = 100  # px of area
RING = 10  # px: the surroundings reach so far from the region
_LEAST = 30  # px of surroundings below which nothing is said of contrast


@dataclass(frozen=True)
class Region:
    """``area``: all marks / breast.  ``regions``: how many.  ``diameter``: px, of a disc as
    large as the region.
    ``contrast``: grey, mean of the region minus that of its surroundings; ``cnr``: the same over
    the surroundings' standard deviation; both NaN where the surroundings are too small.
    ``across``, ``down``: the centre as a fraction of the breast's box, from the chest wall and
    from the top."""

    area: float
    regions: int
    diameter: float
    contrast: float
    cnr: float
    across: float
    down: float


def measure_region(square: Square, depth: FloatArray) -> Region | None:
    """The region of a picture; None where nothing is marked.

    ``depth``: see :func:`xai_core.study.realism.skin.skin_depth`.
    """
    if square.marked is None:
        return None
    region = main_region(square.marked, depth)
    contrast, deviation = _against_ring(square, region)
    x0, y0, x1, y1 = square.box
    y, x = (float(v.mean()) + 0.5 for v in region.nonzero())
    return Region(
        area=float(square.marked.sum() / square.breast.sum()),
        regions=int((_pieces(square.marked)[1] >= SPECK).sum()),
        diameter=float(2 * np.sqrt(region.sum() / np.pi)),
        contrast=contrast,
        cnr=contrast / deviation if deviation > 0 else float("nan"),
        across=(x - x0) / (x1 - x0),
        down=(y - y0) / (y1 - y0),
    )


def main_region(marked: BoolArray, depth: FloatArray) -> BoolArray:
    """The largest connected piece that is not a band of skin, or else the largest: bool."""
    pieces, size = _pieces(marked)
    shallow = np.bincount(pieces[depth < SKIN], minlength=len(size) + 1)[1:]
    inner = np.where(shallow * 2 > size, 0, size)
    chosen = inner if inner.any() else size
    return np.asarray(pieces == chosen.argmax() + 1)


def _pieces(marked: BoolArray) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Connected pieces, corners touching: their numbers from 1, int (H, W), and sizes in px."""
    pieces, n = ndi.label(marked, np.ones((3, 3)))
    return pieces, np.bincount(pieces.ravel(), minlength=n + 1)[1:]


def _against_ring(square: Square, region: BoolArray) -> tuple[float, float]:
    """Region minus surroundings, and the surroundings' standard deviation; NaN where too small."""
    assert square.marked is not None  # noqa: S101
    away = ndi.distance_transform_edt(~region)
    ring = (away > 0) & (away <= RING) & square.breast & ~square.marked
    if ring.sum() < _LEAST:
        return float("nan"), float("nan")
    around = square.grey[ring]
    return float(square.grey[region].mean() - around.mean()), float(around.std())

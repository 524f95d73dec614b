"""What is measured of a picture, phantom or real.

A picture brought to one scale and one direction, so that pictures can be compared.

The skin: how deep each pixel lies under it, and how bright the breast is at given depths.

The profile is taken in the middle fifth of the breast's height, where the edge faces away from the
chest wall in both views.

The marked region of a picture: how large, how bright against its surroundings, and where.

An image can have many marks, and the marks of CDD-CESM are of every finding: also of thickened
skin, as a band along the edge.  So:

- a region is a connected piece of what is marked (pieces that touch are one);
- the image's region is the largest that is not a band of skin (more than half of it within
  ``SKIN`` px of the skin's edge), and the largest of all where there is no other;
- the marked area is that of all marks together, and specks below ``SPECK`` px are not counted
  as regions.

The exponent of the radial power spectrum: how texture divides between coarse and fine.

Power falls as frequency ** -exponent (Burgess, Jacobson, Judy, Medical Physics 28:419, 2001).

The list of what is measured, in the order of the tables.

From cases to measurements: one per image, low-energy and recombined apart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.preprocessing.breast import AIR_GREY_LEVELS, bounding_box, breast_mask
from xai_core.types import BoolArray, Case, CaseRecord, FloatArray, Pathology

SIZE = 512


@dataclass(frozen=True, eq=False)
class Square:
    """A picture in a square of ``SIZE`` px: its longer side fills it, black fills the rest.

    The chest wall is at the left: right breasts are mirrored.

    ``grey``: float32 (SIZE, SIZE), 0..255.  ``breast``: bool, the largest region above air with
    its holes filled.  ``marked``: bool, what was marked, within the breast; None where nothing was.
    ``shown``: (rows, columns) of the square that the picture covers; the rest is padding.
    """

    grey: FloatArray
    breast: BoolArray
    marked: BoolArray | None
    shown: tuple[int, int]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) of the breast, ends exclusive; all 0 where there is no breast."""
        return bounding_box(self.breast)


def to_square(image: FloatArray, mask: BoolArray | None, laterality: str | None) -> Square:
    """The square of a picture.

    Args:
        image: float32 (H, W) in [0, 1].
        mask: bool (H, W), what was marked, or None.
        laterality: "L": chest wall at the left; "R": at the right; None: where the breast is wider.
    """
    grey = _resized(image * np.float32(255))
    breast = breast_mask(grey, air=AIR_GREY_LEVELS)
    marked = None if mask is None else _resized(mask.astype(np.float32)) >= 0.5
    if (laterality or _side(breast)) == "R":
        grey, breast = grey[:, ::-1], breast[:, ::-1]
        marked = None if marked is None else marked[:, ::-1]
    if marked is not None:
        marked = marked & breast
    return Square(
        _padded(grey),
        _padded(breast),
        _padded(marked) if marked is not None and marked.any() else None,
        (grey.shape[0], grey.shape[1]),
    )


def _side(breast: BoolArray) -> str:
    half = breast.shape[1] // 2
    return "R" if breast[:, -half:].sum() > breast[:, :half].sum() else "L"


def _resized(picture: FloatArray) -> FloatArray:
    """Scaled, antialiased, so that the longer side has ``SIZE`` px."""
    h, w = picture.shape
    scale = SIZE / max(h, w)
    if scale == 1:
        return picture
    to = (max(1, round(w * scale)), max(1, round(h * scale)))
    out = Image.fromarray(picture).resize(to, Image.Resampling.BILINEAR)
    return np.asarray(out, dtype=np.float32)


def _padded(picture: NDArray[Any]) -> NDArray[Any]:
    h, w = picture.shape
    return np.pad(picture, ((0, SIZE - h), (0, SIZE - w)))


DEPTHS = (0, 1, 3, 8, 15, 30, 59)  # px from the skin's edge
MIDDLE = (0.4, 0.6)  # of the height of the breast's box


def skin_depth(square: Square) -> FloatArray:
    """Pixels from the skin's edge, float32 (SIZE, SIZE): 0 at the outermost pixel of the breast.

    Only air beyond the breast makes an edge: neither the picture's border, where the breast goes
    on, nor black between the chest wall and the breast.  Infinite outside the breast, and
    everywhere in it where the picture shows no air.
    """
    rows, columns = square.shown
    breast = square.breast[:rows, :columns]
    beyond = ~breast & (np.cumsum(breast, axis=1) > 0)
    # Rows above and below the breast are air, unless the breast is cut off there by the border.
    beyond |= ~np.any(breast, axis=1, keepdims=True)
    out = np.full(square.breast.shape, np.inf, np.float32)
    if beyond.any():
        depth = ndi.distance_transform_edt(~beyond) - 1
        out[:rows, :columns] = np.where(breast, depth, np.inf)
    return out


def skin_profile(square: Square, depth: FloatArray) -> dict[int, float]:
    """Mean grey at each of ``DEPTHS``, half a pixel to either side; NaN where nothing is so deep.

    ``depth``: see :func:`skin_depth`.
    """
    _, y0, _, y1 = square.box
    first, last = (round(y0 + part * (y1 - y0)) for part in MIDDLE)
    grey, depth = square.grey[first:last], depth[first:last]
    found = {}
    for px in DEPTHS:
        there = np.abs(depth - px) < 0.5
        found[px] = float(grey[there].mean()) if there.any() else float("nan")
    return found


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

    ``depth``: see :func:`xai_core.study.realism.measure.skin_depth`.
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


REGION = 128  # px a side
STEP = 32  # px from one region to the next
BAND = (0.03, 0.2)  # cycles per pixel


def exponent(square: Square) -> float:
    """The median exponent of the regions wholly inside the breast; NaN where none fits."""
    corners = _corners(square.breast)
    if not len(corners):
        return float("nan")
    found = [region_exponent(square.grey[y : y + REGION, x : x + REGION]) for y, x in corners]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else float("nan")


def region_exponent(region: FloatArray) -> float:
    """Minus the slope of log radial power over log frequency in ``BAND``, after a Hann window.

    ``region``: (REGION, REGION).  NaN where it holds no variation.
    """
    window, ring, counts, log_f = _rings()
    centred = (region - (region * window).sum() / window.sum()) * window
    power = np.abs(np.fft.rfft2(centred)) ** 2
    radial = np.bincount(ring.ravel(), power.ravel(), minlength=len(counts) + 1)[:-1] / counts
    if not (radial > 0).all():
        return float("nan")
    return float(-np.polyfit(log_f, np.log(radial), 1)[0])


@cache
def _rings() -> tuple[FloatArray, NDArray[np.intp], FloatArray, FloatArray]:
    """The window; which ring each frequency lies in (the last: none); sizes; log frequency."""
    hann = np.hanning(REGION + 1)[:-1]
    f = np.hypot(np.fft.fftfreq(REGION)[:, None], np.fft.rfftfreq(REGION)[None])
    number = np.rint(f * REGION).astype(np.intp)
    low, high = int(np.ceil(BAND[0] * REGION)), int(np.floor(BAND[1] * REGION))
    n = high - low + 1
    ring = np.where((number >= low) & (number <= high), number - low, n)
    counts = np.bincount(ring.ravel(), minlength=n + 1)[:-1].astype(np.float32)
    middle = np.bincount(ring.ravel(), f.ravel(), minlength=n + 1)[:-1] / counts
    return (
        np.outer(hann, hann).astype(np.float32),
        ring,
        counts,
        np.log(middle).astype(np.float32),
    )


def _corners(breast: BoolArray) -> NDArray[np.intp]:
    """Upper left corners (n, 2), row and column, of regions wholly inside, on a grid."""
    total = np.pad(breast.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    a, b = total[:-REGION:STEP, :-REGION:STEP], total[REGION::STEP, REGION::STEP]
    c, d = total[REGION::STEP, :-REGION:STEP], total[:-REGION:STEP, REGION::STEP]
    h, w = b.shape
    inside = a[:h, :w] + b - c[:h, :w] - d[:h, :w] == REGION * REGION
    return np.argwhere(inside) * STEP


PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Quantity:
    """A row of the tables.

    ``key``: its name in a measurement.  ``digits``: decimals shown.  ``lesion``: whether only
    images with a marked region have it.  ``view``: "CC" or "MLO" where only such images count.
    """

    key: str
    title: str
    digits: int = 0
    lesion: bool = False
    view: str | None = None


QUANTITIES = (
    Quantity("exponent", "power spectrum exponent", 2),
    *(Quantity(f"p{q}", f"grey, {q} % percentile") for q in PERCENTILES),
    Quantity("mean", "grey, mean"),
    Quantity("sd", "grey, SD"),
    Quantity("breast", "breast / square", 3),
    Quantity("width_height", "width / height, CC", 2, view="CC"),
    Quantity("width_height", "width / height, MLO", 2, view="MLO"),
    *(Quantity(f"skin{px}", f"skin, grey {px} px deep") for px in DEPTHS),
    Quantity("area", "marked area / breast", 3, lesion=True),
    Quantity("regions", "marked regions", 0, lesion=True),
    Quantity("diameter", "region's diameter, px", 0, lesion=True),
    Quantity("contrast", "region minus ring, grey", 1, lesion=True),
    Quantity("cnr", "contrast-to-noise", 2, lesion=True),
    Quantity("across", "region's centre from chest wall", 2, lesion=True),
    Quantity("down", "region's centre from top", 2, lesion=True),
)

KEYS = tuple(dict.fromkeys(q.key for q in QUANTITIES))
LESION_KEYS = tuple(q.key for q in QUANTITIES if q.lesion)
IMAGE_KEYS = tuple(key for key in KEYS if key not in LESION_KEYS)
TITLES = {q.key: q.title.removesuffix(", CC").removesuffix(", MLO") for q in QUANTITIES}


LOW_ENERGY, RECOMBINED = "low-energy", "recombined"
KINDS = (LOW_ENERGY, RECOMBINED)
_NAN = float("nan")


@dataclass(frozen=True)
class Measurement:
    """One image.  ``kind``: of ``KINDS``.  ``values``: by the keys of
    :mod:`xai_core.study.realism.measure`, NaN where a quantity is not defined."""

    case_id: str
    patient_id: str
    pathology: Pathology
    view: str | None
    kind: str
    values: Mapping[str, float]


def measure_square(square: Square) -> dict[str, float]:
    """Every quantity of one picture, by key; NaN where it is not defined.

    Takes about 50 ms on one core.
    """
    if not square.breast.any():
        return dict.fromkeys(KEYS, _NAN)
    inside = square.grey[square.breast]
    depth = skin_depth(square)
    x0, y0, x1, y1 = square.box
    values = {
        "exponent": exponent(square),
        "mean": float(inside.mean()),
        "sd": float(inside.std()),
        "breast": float(square.breast.mean()),
        "width_height": (x1 - x0) / (y1 - y0),
    }
    for q, grey in zip(PERCENTILES, np.percentile(inside, PERCENTILES), strict=True):
        values[f"p{q}"] = float(grey)
    for px, grey in skin_profile(square, depth).items():
        values[f"skin{px}"] = grey
    region = measure_region(square, depth)
    if region is not None:
        values |= asdict(region)
    return {key: float(values.get(key, _NAN)) for key in KEYS}


def measure_case(case: Case, kinds: Sequence[str] = KINDS) -> list[Measurement]:
    """The case's images of these kinds; none where its pathology is not given."""
    if case.pathology is None:
        return []
    pictures = {
        LOW_ENERGY: (case.image, case.lesion_mask),
        RECOMBINED: (case.recombined, case.recombined_mask),
    }
    return [
        Measurement(case.id, case.patient_id, case.pathology, case.view, kind,
                    measure_square(to_square(image, mask, case.laterality)))
        for kind in kinds
        for image, mask in (pictures[kind],)
        if image is not None
    ]  # fmt: skip


def measurable(source: CaseSource, limit: int | None = None) -> tuple[CaseRecord, ...]:
    """The first ``limit`` cases whose pathology is given."""
    return tuple(r for r in source.records() if r.pathology is not None)[:limit]


def measure_source(
    source: CaseSource, records: Sequence[CaseRecord], kinds: Sequence[str] = KINDS
) -> Iterator[list[Measurement] | CaseError]:
    """Measurements of each case in turn, or why it cannot be read; on all cores."""

    def one(record: CaseRecord) -> list[Measurement] | CaseError:
        try:
            return measure_case(source.load(record.id), kinds)
        except CaseError as problem:
            return problem

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(one, records)

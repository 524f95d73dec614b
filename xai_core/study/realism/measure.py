"""The quantities that are measured of a picture, phantom or real.

All pictures are first brought to one scale and orientation (:func:`to_square`).  Then measured:

Skin profile: the mean grey at given depths under the skin, in the middle fifth of the breast's
height, where the skin faces away from the chest wall in both views.

Marked region: its size, its contrast to its surroundings, and its position.  An image can have many
marked regions, and those of CDD-CESM are of every finding, including thickened skin, which is a
band along the skin.  Therefore

- a region is a connected component of the mask (8-connected);
- the image's region is the largest one that is not a band of skin (more than half of it within
  ``SKIN_BAND`` px of the skin), or the largest of all where there is no other;
- the marked area is that of the whole mask, and components below ``MIN_REGION_AREA`` px are not
  counted as regions.

Power spectrum: the exponent of the radial power spectrum, which describes the balance of coarse and
fine texture; power falls as frequency ** -exponent (Burgess, Jacobson, Judy, Medical Physics
28:419, 2001).

Grey levels and shape: percentiles, mean, standard deviation, area and aspect ratio of the breast.

Lines, their direction, and borders: see :mod:`xai_core.study.realism.texture`.

Crops: pieces of the picture from inside the breast, for a network that looks at the pixels.

Low-energy and recombined images are measured separately.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.preprocessing.breast import AIR_GREY_LEVELS, bounding_box, breast_mask
from xai_core.study.realism.texture import SCALES, borders, lines, visible_share
from xai_core.study.selection import is_even
from xai_core.types import BoolArray, Case, CaseRecord, FloatArray, Pathology

# --- Common scale and orientation -------------------------------------------------------------

SIZE = 512  # px


@dataclass(frozen=True, eq=False)
class Square:
    """A picture scaled so that its longer side has ``SIZE`` px and padded with black to a square.

    The chest wall is at the left: right breasts are mirrored.

    ``grey``: float32 (SIZE, SIZE), 0..255.  ``breast``: bool, the largest region above air with
    its holes filled.  ``marked``: bool, the mask within the breast; None where it is empty.
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
        mask: bool (H, W), the lesion mask, or None.
        laterality: "L": chest wall at the left; "R": at the right; None: on the side with more
            breast pixels.
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
    """The picture resized with antialiasing so that its longer side has ``SIZE`` px."""
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


# --- Skin profile -----------------------------------------------------------------------------

DEPTHS = (0, 1, 3, 8, 15, 30, 59)  # px from the skin
PROFILE_ROWS = (0.4, 0.6)  # rows used, as fractions of the height of the breast's box


def skin_depth(square: Square) -> FloatArray:
    """Distance from the skin in px, float32 (SIZE, SIZE): 0 at the outermost pixel of the breast.

    The skin is the border to the air beyond the breast; neither the picture's border, where the
    breast is cut off, nor black between the chest wall and the breast counts.  Infinite outside the
    breast, and inside it where the picture shows no air.
    """
    rows, columns = square.shown
    breast = square.breast[:rows, :columns]
    beyond = ~breast & (np.cumsum(breast, axis=1) > 0)
    # Rows above and below the breast are air, unless the border cuts the breast off there.
    beyond |= ~np.any(breast, axis=1, keepdims=True)
    out = np.full(square.breast.shape, np.inf, np.float32)
    if beyond.any():
        depth = ndi.distance_transform_edt(~beyond) - 1
        out[:rows, :columns] = np.where(breast, depth, np.inf)
    return out


def skin_profile(square: Square, depth: FloatArray) -> dict[int, float]:
    """Mean grey at each of ``DEPTHS``, within half a pixel; NaN where no pixel is that deep.

    ``depth``: see :func:`skin_depth`.
    """
    _, y0, _, y1 = square.box
    first, last = (round(y0 + part * (y1 - y0)) for part in PROFILE_ROWS)
    grey, depth = square.grey[first:last], depth[first:last]
    found = {}
    for px in DEPTHS:
        there = np.abs(depth - px) < 0.5
        found[px] = float(grey[there].mean()) if there.any() else float("nan")
    return found


# --- Marked region ----------------------------------------------------------------------------

SKIN_BAND = 12  # px
MIN_REGION_AREA = 100  # px
RING_WIDTH = 10  # px; the surroundings of a region are a ring of this width
_MIN_RING_AREA = 30  # px; with smaller surroundings the contrast is not defined


@dataclass(frozen=True)
class Region:
    """``area``: marked area / breast area.  ``regions``: number of regions.  ``diameter``: px, of a
    disc with the region's area.  ``contrast``: mean grey of the region minus that of its
    surroundings; ``cnr``: the contrast divided by the surroundings' standard deviation; both NaN
    where the surroundings are too small.  ``across``, ``down``: the centre as a fraction of the
    breast's box, from the chest wall and from the top.  ``visible``: see
    :func:`xai_core.study.realism.texture.visible_share`."""

    area: float
    regions: int
    diameter: float
    contrast: float
    cnr: float
    across: float
    down: float
    visible: float


def measure_region(square: Square, depth: FloatArray) -> Region | None:
    """Measure the region of a picture; None where no pixel is marked.

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
        regions=int((_components(square.marked)[1] >= MIN_REGION_AREA).sum()),
        diameter=float(2 * np.sqrt(region.sum() / np.pi)),
        contrast=contrast,
        cnr=contrast / deviation if deviation > 0 else float("nan"),
        across=(x - x0) / (x1 - x0),
        down=(y - y0) / (y1 - y0),
        visible=visible_share(square.grey, region, _ring(square, region)),
    )


def main_region(marked: BoolArray, depth: FloatArray) -> BoolArray:
    """The largest component that is not a band of skin, or else the largest: bool (H, W)."""
    components, size = _components(marked)
    shallow = np.bincount(components[depth < SKIN_BAND], minlength=len(size) + 1)[1:]
    inner = np.where(shallow * 2 > size, 0, size)
    chosen = inner if inner.any() else size
    return np.asarray(components == chosen.argmax() + 1)


def _components(marked: BoolArray) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """8-connected components: their numbers from 1, int (H, W), and their areas in px."""
    components, n = ndi.label(marked, np.ones((3, 3)))
    return components, np.bincount(components.ravel(), minlength=n + 1)[1:]


def _ring(square: Square, region: BoolArray) -> BoolArray:
    """What surrounds the region: ``RING_WIDTH`` px of breast without what else is marked."""
    away = ndi.distance_transform_edt(~region)
    ring = (away > 0) & (away <= RING_WIDTH) & square.breast
    return np.asarray(ring if square.marked is None else ring & ~square.marked)


def _against_ring(square: Square, region: BoolArray) -> tuple[float, float]:
    """The contrast of the region to its surroundings, and the surroundings' standard deviation; NaN
    where the surroundings are too small."""
    ring = _ring(square, region)
    if ring.sum() < _MIN_RING_AREA:
        return float("nan"), float("nan")
    around = square.grey[ring]
    return float(square.grey[region].mean() - around.mean()), float(around.std())


# --- Power spectrum ---------------------------------------------------------------------------

PATCH = 128  # side of a patch, px
PATCH_STEP = 32  # px from one patch to the next
BAND = (0.03, 0.2)  # frequencies used, cycles per pixel


def spectrum_exponent(square: Square) -> float:
    """The median exponent of the patches entirely inside the breast; NaN where none fits."""
    corners = _corners(square.breast, PATCH, PATCH_STEP)
    if not len(corners):
        return float("nan")
    found = [patch_exponent(square.grey[y : y + PATCH, x : x + PATCH]) for y, x in corners]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else float("nan")


def patch_exponent(patch: FloatArray) -> float:
    """Minus the slope of log radial power over log frequency in ``BAND``, after a Hann window.

    ``patch``: (PATCH, PATCH).  NaN where it is constant.
    """
    window, ring, counts, log_f = _rings()
    centred = (patch - (patch * window).sum() / window.sum()) * window
    power = np.abs(np.fft.rfft2(centred)) ** 2
    radial = np.bincount(ring.ravel(), power.ravel(), minlength=len(counts) + 1)[:-1] / counts
    if not (radial > 0).all():
        return float("nan")
    return float(-np.polyfit(log_f, np.log(radial), 1)[0])


@cache
def _rings() -> tuple[FloatArray, NDArray[np.intp], FloatArray, FloatArray]:
    """The Hann window; the number of the ring that each frequency lies in (the last number: none);
    the sizes of the rings; their mean log frequency."""
    hann = np.hanning(PATCH + 1)[:-1]
    f = np.hypot(np.fft.fftfreq(PATCH)[:, None], np.fft.rfftfreq(PATCH)[None])
    number = np.rint(f * PATCH).astype(np.intp)
    low, high = int(np.ceil(BAND[0] * PATCH)), int(np.floor(BAND[1] * PATCH))
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


def _corners(breast: BoolArray, side: int, step: int) -> NDArray[np.intp]:
    """Upper left corners (n, 2), row and column, of the squares on a grid that are entirely inside
    the breast.

    ``side``: of a square, px.  ``step``: px from one square to the next.
    """
    total = np.pad(breast.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    first, second = slice(None, -side, step), slice(side, None, step)
    a, b = total[first, first], total[second, second]
    c, d = total[second, first], total[first, second]
    h, w = b.shape
    inside = a[:h, :w] + b - c[:h, :w] - d[:h, :w] == side * side
    return np.argwhere(inside) * step


# --- Crops ------------------------------------------------------------------------------------

CROPS = 8  # of each picture
CROP = 64  # side of a crop, px
HALVED = 2  # px of the picture, both ways, per px of a crop as kept
_CROP_STEP = 16  # px from one place to the next


def crops(square: Square) -> NDArray[np.uint8] | None:
    """``CROPS`` crops from evenly spaced places inside the breast, averaged over ``HALVED`` x
    ``HALVED`` px: uint8 (CROPS, CROP / HALVED, CROP / HALVED).  A place is repeated where there are
    fewer; None where no crop fits into the breast.

    Averaging, and whole grey levels, hide most of what compression and resizing leave in a picture,
    which says nothing about the breast.
    """
    places = _corners(square.breast, CROP, _CROP_STEP)
    if not len(places):
        return None
    chosen = places[np.arange(CROPS) * len(places) // CROPS]
    found = np.stack([square.grey[y : y + CROP, x : x + CROP] for y, x in chosen])
    side = CROP // HALVED
    mean = found.reshape(CROPS, side, HALVED, side, HALVED).mean((2, 4))
    return np.asarray(np.rint(mean).clip(0, 255), dtype=np.uint8)


# --- The list of quantities, in the order of the tables ---------------------------------------

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Quantity:
    """A quantity, which is a row of the tables.

    ``key``: its name in a measurement.  ``digits``: decimals shown.  ``lesion``: whether it is
    defined only for images with a marked region.  ``view``: "CC" or "MLO" where only images of that
    view are compared.  ``eye``: whether it is one of :mod:`xai_core.study.realism.texture`.
    """

    key: str
    title: str
    digits: int = 0
    lesion: bool = False
    view: str | None = None
    eye: bool = False


_LINES = (("ridge", "ridges, mean"), ("peak", "ridges, 95 %"), ("coherence", "coherence"))
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
    Quantity("visible", "visible / marked area", 2, lesion=True),
    *(
        Quantity(f"{key}{s}", f"{title}, {s} px", 3, eye=True)
        for s in SCALES
        for key, title in _LINES
    ),
    Quantity("lacunarity", "lacunarity of ridges", 3, eye=True),
    Quantity("skin_spread", "skin's width, SD / mean", 2, eye=True),
    Quantity("outline", "outline's roughness, px", 2, eye=True),
)

KEYS = tuple(dict.fromkeys(q.key for q in QUANTITIES))
LESION_KEYS = tuple(q.key for q in QUANTITIES if q.lesion)
EYE_KEYS = tuple(q.key for q in QUANTITIES if q.eye)
"""Those of :mod:`xai_core.study.realism.texture`."""
IMAGE_KEYS = tuple(key for key in KEYS if key not in (*LESION_KEYS, *EYE_KEYS))
TITLES = {q.key: q.title.removesuffix(", CC").removesuffix(", MLO") for q in QUANTITIES}


# --- Measurement of images and sources --------------------------------------------------------

LOW_ENERGY, RECOMBINED = "low-energy", "recombined"
KINDS = (LOW_ENERGY, RECOMBINED)
_NAN = float("nan")


@dataclass(frozen=True)
class Measurement:
    """The measurement of one image.  ``kind``: one of ``KINDS``.  ``values``: by the ``KEYS``, NaN
    where a quantity is not defined.  ``crops``: see :func:`crops`."""

    case_id: str
    patient_id: str
    pathology: Pathology
    view: str | None
    kind: str
    values: Mapping[str, float]
    crops: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


def measure_square(square: Square) -> dict[str, float]:
    """Every quantity of one picture, by key; NaN where it is not defined."""
    if not square.breast.any():
        return dict.fromkeys(KEYS, _NAN)
    inside = square.grey[square.breast]
    depth = skin_depth(square)
    x0, y0, x1, y1 = square.box
    values = {
        "exponent": spectrum_exponent(square),
        "mean": float(inside.mean()),
        "sd": float(inside.std()),
        "breast": float(square.breast.mean()),
        "width_height": (x1 - x0) / (y1 - y0),
    }
    for q, grey in zip(PERCENTILES, np.percentile(inside, PERCENTILES), strict=True):
        values[f"p{q}"] = float(grey)
    for px, grey in skin_profile(square, depth).items():
        values[f"skin{px}"] = grey
    rows, columns = square.shown
    shown = np.s_[:rows, :columns]
    values |= lines(square.grey[shown], square.breast[shown])
    values |= borders(square.grey[shown], depth[shown])
    region = measure_region(square, depth)
    if region is not None:
        values |= asdict(region)
    return {key: float(values.get(key, _NAN)) for key in KEYS}


def measure_case(case: Case, kinds: Sequence[str] = KINDS) -> list[Measurement]:
    """The measurements of the case's images of these kinds; none where its pathology is not
    given."""
    if case.pathology is None:
        return []
    pictures = {
        LOW_ENERGY: (case.image, case.lesion_mask),
        RECOMBINED: (case.recombined, case.recombined_mask),
    }
    found = []
    for kind in kinds:
        image, mask = pictures[kind]
        if image is None:
            continue
        square = to_square(image, mask, case.laterality)
        found.append(
            Measurement(
                case.id, case.patient_id, case.pathology, case.view, kind, measure_square(square),
                crops(square),
            )
        )  # fmt: skip
    return found


def measurable(
    source: CaseSource, limit: int | None = None, *, even_patients: bool = False
) -> tuple[CaseRecord, ...]:
    """The first ``limit`` cases whose pathology is given; with ``even_patients``, of patients with
    an even number alone."""
    found = [
        record
        for record in source.records()
        if record.pathology is not None and (not even_patients or is_even(record.patient_id))
    ]
    return tuple(found[:limit])


def measure_source(
    source: CaseSource, records: Sequence[CaseRecord], kinds: Sequence[str] = KINDS
) -> Iterator[list[Measurement] | CaseError]:
    """The measurements of each case in order, or the error where it cannot be read; on all
    cores."""
    return each_case(source, records, lambda case: measure_case(case, kinds))


_Result = TypeVar("_Result")


def each_case(
    source: CaseSource, records: Sequence[CaseRecord], work: Callable[[Case], _Result]
) -> Iterator[_Result | CaseError]:
    """What ``work`` returns for each case in order, or the error where it cannot be read; on all
    cores."""

    def one(record: CaseRecord) -> _Result | CaseError:
        try:
            return work(source.load(record.id))
        except CaseError as problem:
            return problem

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(one, records)

"""Real low-energy images with marked lesions as training samples, and their tissue as backgrounds.

Only patients with an odd number are used for training: those with an even one are kept for testing.
Nearly all marked images of a sample are malignant.  To prevent the network from learning that real
images are malignant, crops without a lesion count as not malignant, and phantom lesions of both
classes are inserted into the tissue of the same images, from which the marked lesions were erased.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi

from xai_core.cases.base import CaseSource
from xai_core.cases.sources.open_source import open_source
from xai_core.errors import BadRequest
from xai_core.phantom.tissue import REFERENCE, SLABS, Background
from xai_core.preprocessing.breast import largest_region
from xai_core.preprocessing.letterbox import fit, letterbox, letterbox_mask
from xai_core.settings import read_settings
from xai_core.training.sample import Sample
from xai_core.types import BoolArray, CaseRecord, FloatArray

# --- Tissue with the lesions erased -----------------------------------------------------------

_SIZE = 512  # height of the background, px
_AIR = 0.03  # grey in [0, 1] up to which a pixel is air
# Standard deviations of Gaussians, px: structures finer than _COARSE count as texture; brightness
# is filled in from the surroundings within _WIDE.
_COARSE, _WIDE = 6.0, 28.0


def tissue_of(
    image: FloatArray, mask: BoolArray, laterality: str | None, view: str | None
) -> Background:
    """The breast of ``image`` (float32 (H, W) in [0, 1]) with the lesions in ``mask`` erased, as a
    background up to 512 px high, chest wall at the left edge.

    In place of a lesion, the brightness comes from the surrounding tissue and the texture from
    another part of the breast.
    """
    geometry = fit(image, _SIZE)
    grey, marked = letterbox(image, geometry), letterbox_mask(mask, geometry)
    if laterality == "R":
        grey, marked = grey[:, ::-1], marked[:, ::-1]
    seen = largest_region(ndi.binary_fill_holes(grey > _AIR))
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    breast, tissue = seen[box], _erased(grey, marked & seen, seen)[box]
    # Padded with the edge values, since the picture's border is not skin.
    padded = np.pad(breast, ((40, 40), (40, 0)), mode="edge")
    depth = ndi.distance_transform_edt(padded)[40:-40, 40:]
    smooth = ndi.gaussian_filter(tissue, 6.0)
    low, high = np.percentile(smooth[breast], (20, 90))
    glands = ((smooth - low) / max(high - low, 1e-3)).clip(0, 1) * breast
    ahead = np.flatnonzero(breast.any(0))[-1]
    # How deep the tissue lies is not known: every slab gets an equal part of it.
    part = (REFERENCE * tissue / SLABS).astype(np.float32)
    none = np.zeros(tissue.shape, np.float32)
    return Background(
        np.repeat(part[None], SLABS, axis=0), none, none, none, none,
        np.ascontiguousarray(breast), np.asarray(depth * breast, np.float32),
        glands.astype(np.float32),
        (float(ahead), float(np.flatnonzero(breast[:, ahead]).mean())), view or "CC", "", 1.0,
        REFERENCE,
    )  # fmt: skip


def _erased(grey: FloatArray, marked: BoolArray, seen: BoolArray) -> FloatArray:
    """``grey`` with the ``marked`` lesions erased; ``seen``: the breast."""
    if not marked.any():
        return grey
    gone = ndi.binary_dilation(marked, iterations=6) & seen
    known = (seen & ~gone).astype(np.float32)
    texture = (grey - ndi.gaussian_filter(grey, _COARSE)) * known
    weight = ndi.gaussian_filter(known, _WIDE) + 1e-4
    filling = (ndi.gaussian_filter(grey * known, _WIDE) + 1e-4 * grey[seen].mean()) / weight
    # Texture from an unmarked part of the same breast: the shift that covers most with such tissue.
    shifts = [(dy, dx) for dy in (-160, -80, 0, 80, 160) for dx in (-120, -60, 60, 120)]
    best = max(shifts, key=lambda s: float((np.roll(known, s, (0, 1)) * gone).sum()))
    filling = filling + np.roll(texture, best, (0, 1))
    soft = ndi.gaussian_filter(gone.astype(np.float32), 3.0)
    return np.asarray((grey * (1 - soft) + filling * soft).clip(0, 1), np.float32)


# --- Images -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RealImage:
    """``image``: float32 (S, S) in [0, 1] on the network's grid.  ``mask``: bool (S, S).
    ``tissue``: the same breast with its marked lesions erased, a background for phantom lesions."""

    image: FloatArray
    mask: BoolArray
    malignant: bool
    tissue: Background


def patient_number(patient_id: str) -> int | None:
    """The number in a patient id of the release (``P17`` is 17), or None where it has none."""
    found = re.search(r"\d+", patient_id)
    return int(found.group()) if found else None


def read_real(folder: Path, size: int) -> list[RealImage]:
    """The marked low-energy images of odd-numbered patients in a CDD-CESM release folder.

    Raises:
        CaseError: the folder cannot be read.
        BadRequest: it holds no such image.
    """
    source = open_source(str(folder), read_settings())
    learned = [r for r in source.records() if r.class_index is not None and _is_odd(r.patient_id)]
    with ThreadPoolExecutor() as pool:
        read = pool.map(lambda record: _read(source, record, size), learned)
        out = [image for image in read if image is not None]
    if not out:
        raise BadRequest(
            f"{folder.name} holds no marked low-energy image of a patient with an odd number."
        )
    return out


def _is_odd(patient_id: str) -> bool:
    number = patient_number(patient_id)
    return number is not None and number % 2 == 1


def _read(source: CaseSource, record: CaseRecord, size: int) -> RealImage | None:
    case = source.load(record.id)
    if case.lesion_mask is None:
        return None
    geometry = fit(case.image, size)
    return RealImage(
        letterbox(case.image, geometry),
        letterbox_mask(case.lesion_mask, geometry),
        record.class_index == 1,
        tissue_of(case.image, case.lesion_mask, record.laterality, record.view),
    )


def draw_real(rng: np.random.Generator, images: list[RealImage]) -> Sample:
    """One image, randomly rotated by up to 10 degrees, scaled, shifted, and with its grey levels
    changed."""
    chosen = images[int(rng.integers(len(images)))]
    turn, zoom = np.deg2rad(rng.uniform(-10, 10)), rng.uniform(0.88, 1.12)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / zoom
    centre = (np.array(chosen.image.shape) - 1) / 2
    offset = centre - matrix @ centre + rng.uniform(-12, 12, 2)
    image = ndi.affine_transform(chosen.image, matrix, offset, order=1)
    mask = ndi.affine_transform(chosen.mask.astype(np.float32), matrix, offset, order=1) > 0.5
    image = image.clip(0, 1) ** np.exp(rng.normal(0, 0.15)) * rng.uniform(0.88, 1.12)
    return Sample(
        np.ascontiguousarray(image.clip(0, 1), np.float32),
        np.ascontiguousarray(mask),
        0.95 if chosen.malignant else 0.05,
    )

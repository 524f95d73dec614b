"""Real low-energy images with marked lesions as training samples, and their tissue as backgrounds.

Only patients with an odd number are used for training: those with an even one are kept for testing.
What is shown of them is drawn in :mod:`xai_core.training.real_samples`.
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
from xai_core.preprocessing.erasure import breast_region, erased, grown
from xai_core.preprocessing.letterbox import fit, letterbox, letterbox_mask
from xai_core.settings import read_settings
from xai_core.types import BoolArray, CaseRecord, FloatArray

# --- Tissue with the lesions erased -----------------------------------------------------------

_SIZE = 512  # height of the background, px


def tissue_of(
    image: FloatArray, mask: BoolArray, laterality: str | None, view: str | None
) -> Background:
    """The breast of ``image`` (float32 (H, W) in [0, 1]) with the lesions in ``mask`` erased, as a
    background up to 512 px high, chest wall at the left edge.
    """
    geometry = fit(image, _SIZE)
    grey, marked = letterbox(image, geometry), letterbox_mask(mask, geometry)
    if laterality == "R":
        grey, marked = grey[:, ::-1], marked[:, ::-1]
    seen = breast_region(grey)
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    breast, tissue = seen[box], erased(grey, marked, seen)[box]
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


# --- Images -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RealImage:
    """``image``: float32 (S, S) in [0, 1] on the network's grid.  ``mask``: bool (S, S).
    ``erased``: the image without its marked lesions.  ``sham``: the image with a place like the
    lesion's erased elsewhere.  ``breast``: bool (S, S).  ``tissue``: the same breast with its
    marked lesions erased, a background for phantom lesions."""

    image: FloatArray
    mask: BoolArray
    malignant: bool
    erased: FloatArray
    sham: FloatArray
    breast: BoolArray
    tissue: Background

    @classmethod
    def of(
        cls, image: FloatArray, mask: BoolArray, malignant: bool, tissue: Background
    ) -> RealImage:
        """The picture on the network's grid, with what is made of it."""
        breast = breast_region(image)
        return cls(
            image, mask, malignant, erased(image, mask, breast),
            erased(image, elsewhere(mask, breast), breast), breast, tissue,
        )  # fmt: skip


_TRIED = 40
_GAP = 3  # px of the network's grid between a lesion and what is erased beside it, grown


def elsewhere(mask: BoolArray, breast: BoolArray) -> BoolArray:
    """``mask`` shifted to another place on the breast that touches no marked pixel; empty where
    there is none.  The same arguments give the same place."""
    if not mask.any():
        return mask
    rng = np.random.default_rng(int(mask.sum()))
    taken = ndi.binary_dilation(grown(mask, mask.shape[0] / _SIZE), iterations=_GAP)
    rows, columns = np.nonzero(mask)
    targets = np.argwhere(breast & ~taken)
    for y, x in targets[rng.integers(len(targets), size=_TRIED)] if len(targets) else ():
        new_rows = rows + int(y) - round(float(rows.mean()))
        new_columns = columns + int(x) - round(float(columns.mean()))
        if min(new_rows.min(), new_columns.min()) < 0 or max(
            new_rows.max(), new_columns.max()
        ) >= len(mask):
            continue
        if breast[new_rows, new_columns].all() and not taken[new_rows, new_columns].any():
            out = np.zeros_like(mask)
            out[new_rows, new_columns] = True
            return out
    return np.zeros_like(mask)


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
    return RealImage.of(
        letterbox(case.image, geometry),
        letterbox_mask(case.lesion_mask, geometry),
        record.class_index == 1,
        tissue_of(case.image, case.lesion_mask, record.laterality, record.view),
    )

"""Real low-energy images with marked lesions, beside the phantoms.

Only patients with an odd number are learned from: those with an even one are kept for testing.
Nearly all marked images of a sample are malignant.  So that "real means malignant" is not learned,
crops without a lesion count as not malignant, and the tissue of the same images, its lesions
erased, is dressed with phantom lesions of both classes (:mod:`.real_tissue`).
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi

from xai_core.cases.base import CaseSource
from xai_core.cases.open_source import open_source
from xai_core.errors import BadRequest
from xai_core.model.geometry import fit, letterbox, letterbox_mask
from xai_core.phantom.background import Background
from xai_core.settings import read_settings
from xai_core.training.real_tissue import tissue_of
from xai_core.training.sample import Sample
from xai_core.types import BoolArray, CaseRecord, FloatArray


@dataclass(frozen=True, eq=False)
class RealImage:
    """``image``: float32 (S, S) in [0, 1] as the network sees it.  ``mask``: bool (S, S).
    ``tissue``: the same breast, its marked lesions erased, to be dressed as phantoms are."""

    image: FloatArray
    mask: BoolArray
    malignant: bool
    tissue: Background


def patient_number(patient_id: str) -> int | None:
    """The number in a release's patient id (``P17`` is 17), or None where it has none."""
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
    """One image, turned by up to 10 degrees, scaled and its grey levels bent at random."""
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

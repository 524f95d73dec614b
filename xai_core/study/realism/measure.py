"""From cases to measurements: one per image, low-energy and recombined apart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.study.realism.quantities import KEYS, PERCENTILES
from xai_core.study.realism.region import measure_region
from xai_core.study.realism.skin import skin_depth, skin_profile
from xai_core.study.realism.spectrum import exponent
from xai_core.study.realism.square import Square, to_square
from xai_core.types import Case, CaseRecord, Pathology

LOW_ENERGY, RECOMBINED = "low-energy", "recombined"
KINDS = (LOW_ENERGY, RECOMBINED)
_NAN = float("nan")


@dataclass(frozen=True)
class Measurement:
    """One image.  ``kind``: of ``KINDS``.  ``values``: by the keys of
    :mod:`xai_core.study.realism.quantities`, NaN where a quantity is not defined."""

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

"""Which cases of a source a study takes."""

from __future__ import annotations

import re

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.types import CaseRecord, Pathology


def patient_number(patient_id: str) -> int | None:
    """The first number in a patient's id (``P17`` is 17), or None where it has none."""
    found = re.search(r"\d+", patient_id)
    return int(found.group()) if found else None


def chosen(
    source: CaseSource, *, malignant: bool = False, even_patients: bool = False,
    limit: int | None = None,
) -> tuple[CaseRecord, ...]:  # fmt: skip
    """The first ``limit`` cases whose pathology is known.

    Args:
        source: where the cases come from.
        malignant: malignant ones only.
        even_patients: only patients with an even number: those of CDD-CESM that training with
            real images never sees.  A patient without a number is left out.
        limit: None for all.  Counted after the choice.

    Raises:
        CaseError: no case is left.
    """
    found = [
        record
        for record in source.records()
        if record.pathology is not None
        and (not malignant or record.pathology is Pathology.MALIGNANT)
        and (not even_patients or _even(record.patient_id))
    ]
    if not found:
        kind = "malignant case" if malignant else "case with a known pathology"
        whose = " of a patient with an even number" if even_patients else ""
        raise CaseError(f"{source.name} has no {kind}{whose}; give another source of cases.")
    return tuple(found[:limit])


def _even(patient_id: str) -> bool:
    number = patient_number(patient_id)
    return number is not None and number % 2 == 0

"""Selection of cases: those that a study includes, and examples of each outcome.

The examples are chosen by a rule, so that pages which present them also work with other weights and
another library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.types import CaseRecord, Outcome, Pathology


def patient_number(patient_id: str) -> int | None:
    """The first number in a patient's id (``P17`` is 17), or None where it has none."""
    found = re.search(r"\d+", patient_id)
    return int(found.group()) if found else None


def is_even(patient_id: str) -> bool:
    """Whether the patient has an even number; False without a number."""
    number = patient_number(patient_id)
    return number is not None and number % 2 == 0


def is_odd(patient_id: str) -> bool:
    """Whether the patient has an odd number; False without a number."""
    number = patient_number(patient_id)
    return number is not None and number % 2 == 1


def select_cases(
    source: CaseSource, *, malignant: bool = False, even_patients: bool = False,
    limit: int | None = None,
) -> tuple[CaseRecord, ...]:  # fmt: skip
    """The first ``limit`` cases whose pathology is known.

    Args:
        source: where the cases come from.
        malignant: malignant ones only.
        even_patients: only patients with an even number: those of CDD-CESM that training with
            real images does not use.  Patients without a number are left out.
        limit: None for all.  Applied after the other criteria.

    Raises:
        CaseError: no case fulfils the criteria.
    """
    found = [
        record
        for record in source.records()
        if record.pathology is not None
        and (not malignant or record.pathology is Pathology.MALIGNANT)
        and (not even_patients or is_even(record.patient_id))
    ]
    if not found:
        kind = "malignant case" if malignant else "case with a known pathology"
        whose = " of a patient with an even number" if even_patients else ""
        raise CaseError(f"{source.name} has no {kind}{whose}; give another source of cases.")
    return tuple(found[:limit])


def first_of_each_outcome(
    case_ids: Sequence[str], outcomes: Mapping[str, Outcome], each: int = 1
) -> dict[Outcome, tuple[str, ...]]:
    """The first ``each`` cases of every outcome, in the order of ``case_ids``.

    Args:
        outcomes: by case id, of the cases predicted so far; a case without a known pathology has
            none.
    """
    return {
        outcome: tuple(key for key in case_ids if outcomes.get(key) is outcome)[:each]
        for outcome in Outcome
    }


def settled_cases(case_ids: Sequence[str], dealt_with: set[str]) -> tuple[str, ...]:
    """The cases before the first one that is not yet in ``dealt_with`` (predicted or unreadable).
    A choice among these does not change when further cases are predicted."""
    for place, key in enumerate(case_ids):
        if key not in dealt_with:
            return tuple(case_ids[:place])
    return tuple(case_ids)

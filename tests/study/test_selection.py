from __future__ import annotations

import pytest

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.errors import CaseError
from xai_core.study.selection import (
    first_of_each_outcome,
    patient_number,
    select_cases,
    settled_cases,
)
from xai_core.types import Outcome, Pathology

M, B = Pathology.MALIGNANT, Pathology.BENIGN
COHORT = MemorySource(
    [
        make_case(name, patient_id=patient, pathology=pathology)
        for name, patient, pathology in (
            ("a", "P17", M), ("b", "P18", M), ("c", "P18", B), ("d", "P20", None),
            ("e", "nobody", M), ("f", "PH-P0004", M),
        )
    ]
)  # fmt: skip


def ids(**choice: object) -> str:
    return "".join(record.id for record in select_cases(COHORT, **choice))  # type: ignore[arg-type]


def test_cases_of_known_pathology() -> None:
    assert ids() == "abcef"
    assert ids(malignant=True) == "abef"


def test_patients_with_an_even_number() -> None:
    assert ids(even_patients=True) == "bcf"
    assert patient_number("P17") == 17
    assert patient_number("nobody") is None


def test_the_limit_counts_after_the_choice() -> None:
    assert ids(limit=2) == "ab"
    assert ids(malignant=True, even_patients=True, limit=2) == "bf"


def test_no_matching_case_raises_case_error() -> None:
    odd = MemorySource([make_case("a", patient_id="P1")])
    with pytest.raises(CaseError, match="no malignant case of a patient with an even number"):
        select_cases(odd, malignant=True, even_patients=True)
    with pytest.raises(CaseError, match="no case with a known pathology; give another"):
        select_cases(MemorySource([]))


IDS = ("a", "b", "c", "d", "e")


def test_the_first_of_every_outcome_in_the_source_s_order() -> None:
    outcomes = {"e": Outcome.TP, "b": Outcome.TP, "c": Outcome.FN}
    assert first_of_each_outcome(IDS, outcomes) == {
        Outcome.TP: ("b",), Outcome.TN: (), Outcome.FP: (), Outcome.FN: ("c",),
    }  # fmt: skip
    assert first_of_each_outcome(IDS, outcomes, each=5)[Outcome.TP] == ("b", "e")


def test_settled_cases_end_at_the_first_gap() -> None:
    assert settled_cases(IDS, {"a", "b", "d"}) == ("a", "b")
    assert settled_cases(IDS, set()) == ()
    assert settled_cases(IDS, set(IDS)) == IDS

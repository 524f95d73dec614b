"""The filter of the list of cases, and the neighbours of a case."""

from __future__ import annotations

import pytest

from xai_core.types import CaseRecord, Outcome, Pathology
from xai_core.ui.case_filter import CaseFilter, neighbour, page_of

RECORDS = {
    r.id: r
    for r in (
        CaseRecord(
            id="A", source="s", patient_id="P1", pathology=Pathology.MALIGNANT, laterality="L",
            view="MLO", density="C", birads=5, findings=("irregular mass, spiculated margin",),
        ),
        CaseRecord(
            id="B", source="s", patient_id="P2", pathology=Pathology.BENIGN, laterality="R",
            view="CC", density="B", birads=2, descriptors={"mass shape": "oval"},
        ),
        CaseRecord(id="C", source="s", patient_id="P3"),
    )
}  # fmt: skip
OUTCOMES = {"A": Outcome.TP, "B": Outcome.FP}


@pytest.mark.parametrize(
    ("case_filter", "shown"),
    [
        (CaseFilter(), "ABC"),
        (CaseFilter(outcomes=frozenset({"TP"})), "A"),
        (CaseFilter(pathologies=frozenset({"benign", "not given"})), "BC"),
        (CaseFilter(views=frozenset({"MLO"}), densities=frozenset({"B"})), ""),
        (CaseFilter(densities=frozenset({"B", "C"})), "AB"),
        (CaseFilter(assessments=frozenset({"5", "not given"})), "AC"),
        (CaseFilter(search="Spiculated LEFT"), "A"),
        (CaseFilter(search="oval bi-rads 2"), "B"),
        (CaseFilter(search="density c"), "A"),
        (CaseFilter(search="fp"), "B"),
        (CaseFilter(search="p3"), "C"),
        (CaseFilter(search="none"), ""),  # missing metadata add no words to search
        (CaseFilter(search="oval", views=frozenset({"MLO"})), ""),
    ],
)
def test_a_case_must_match_every_field_and_every_search_word(
    case_filter: CaseFilter, shown: str
) -> None:
    assert "".join(case_filter.apply(RECORDS, OUTCOMES)) == shown


def test_the_neighbour_of_a_case_is_among_the_shown_cases() -> None:
    assert neighbour("AC", "A", "ABC", +1) == "C"
    assert neighbour("AC", "B", "ABC", -1) == "A"
    assert neighbour("AC", "C", "ABC", +1) is None


def test_page_of_a_case_and_of_a_case_that_is_not_shown() -> None:
    assert page_of("ABCDE", "E", 2) == 2
    assert page_of("ABCDE", "X", 2) == 0

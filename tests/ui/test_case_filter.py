"""The filter of the list of cases, and the neighbours of a case."""

from __future__ import annotations

import dataclasses

import pytest

from xai_core.types import CaseRecord, Outcome, Pathology
from xai_core.ui.case_filter import FIELDS, CaseFilter, neighbour, page_of

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


def test_the_counts_of_a_field_follow_the_search_and_the_other_fields() -> None:
    every = CaseFilter().counts(RECORDS, OUTCOMES)
    assert every["outcomes"] == {"TP": 1, "TN": 0, "FP": 1, "FN": 0}
    assert every["pathologies"] == {"benign": 1, "malignant": 1, "not given": 1}
    assert "s" not in every["sources"], "all cases have the same source"
    chosen = CaseFilter(densities=frozenset({"C"})).counts(RECORDS, OUTCOMES)
    assert chosen["outcomes"] == {"TP": 1, "TN": 0, "FP": 0, "FN": 0}
    assert chosen["densities"] == every["densities"], "a field's own choice does not matter"
    assert chosen["views"] == {"CC": 0, "MLO": 1, "not given": 0}
    both = CaseFilter(densities=frozenset({"C"}), views=frozenset({"CC"}))
    assert set(both.counts(RECORDS, OUTCOMES)["outcomes"].values()) == {0}
    assert both.counts(RECORDS, OUTCOMES)["densities"] == {"B": 1, "C": 0, "not given": 0}
    searched = CaseFilter(search="oval").counts(RECORDS, OUTCOMES)
    assert searched["outcomes"] == {"TP": 0, "TN": 0, "FP": 1, "FN": 0}


def test_a_count_is_what_the_list_would_show_with_this_value_alone() -> None:
    chosen = CaseFilter(outcomes=frozenset({"TP"}), views=frozenset({"MLO", "CC"}), search="p")
    for field in FIELDS:
        for value, count in chosen.counts(RECORDS, OUTCOMES)[field.name].items():
            alone = dataclasses.replace(chosen, **{field.name: frozenset({value})})
            assert len(alone.apply(RECORDS, OUTCOMES)) == count


def test_outcomes_are_offered_from_the_start_but_not_without_any_truth() -> None:
    assert tuple(CaseFilter().counts(RECORDS, {})["outcomes"]) == ("TP", "TN", "FP", "FN")
    assert CaseFilter().counts({"C": RECORDS["C"]}, {})["outcomes"] == {}


def test_values_of_another_source_are_dropped() -> None:
    chosen = CaseFilter(views=frozenset({"CC", "XCCL"}), sources=frozenset({"t"}), search="x")
    assert chosen.restricted_to(RECORDS) == CaseFilter(views=frozenset({"CC"}), search="x")

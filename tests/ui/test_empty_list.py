"""What the list of cases says and offers when no case matches."""

from __future__ import annotations

from tests.ui.test_case_filter import OUTCOMES, RECORDS
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.empty_list import reason, ways_out

HIDING = CaseFilter(outcomes=frozenset({"TP", "FN"}), densities=frozenset({"B"}))


def labels(case_filter: CaseFilter) -> list[str]:
    assert not case_filter.apply(RECORDS, OUTCOMES)
    ways = ways_out(case_filter, RECORDS, OUTCOMES)
    assert all(way.filter.apply(RECORDS, OUTCOMES) for way in ways), "each leads to a case"
    return [way.label for way in ways]


def test_the_sentence_names_all_that_hides_the_cases() -> None:
    chosen = CaseFilter(outcomes=HIDING.outcomes, views=frozenset({"MLO"}), search=" a\u202e  b")
    assert reason(chosen, predicting=False) == (
        "No case matches the search “a\N{REPLACEMENT CHARACTER} b”, outcome FN or TP and view MLO."
    )
    assert reason(HIDING, predicting=True) == (
        "No case matches outcome FN or TP and density B so far."
    )
    assert reason(CaseFilter(search="x"), predicting=True) == "No case matches the search “x”."


def test_a_search_alone_or_filters_alone_can_be_cleared() -> None:
    assert labels(CaseFilter(search="nonsense")) == ["Clear the search"]
    assert labels(HIDING) == ["Clear the filters"]


def test_of_both_each_can_be_cleared_that_leads_to_a_case() -> None:
    found = CaseFilter(search="oval", views=frozenset({"MLO"}))
    assert labels(found) == [
        "Clear the search", "Show 1 case without filters", "Clear search and filters",
    ]  # fmt: skip
    ways = {way.key: way.filter for way in ways_out(found, RECORDS, OUTCOMES)}
    assert ways["search"] == CaseFilter(views=frozenset({"MLO"}))
    assert ways["filters"] == CaseFilter(search="oval")
    assert ways["both"] == CaseFilter()
    hopeless = CaseFilter(HIDING.outcomes, densities=HIDING.densities, search="nonsense")
    assert labels(hopeless) == ["Clear search and filters"]

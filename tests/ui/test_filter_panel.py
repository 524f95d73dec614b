"""What the filters above the list of cases show, and what they send back."""

from __future__ import annotations

from tests.ui.test_case_filter import OUTCOMES, RECORDS
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.filter_panel import panel_data, read_choice


def test_each_outcome_has_its_count_and_its_plain_words() -> None:
    data = panel_data(CaseFilter(outcomes=frozenset({"TP"})), RECORDS, OUTCOMES, (3, 3))
    cells = {cell["value"]: cell for cell in data["outcomes"]["values"]}
    assert cells["TP"]["words"] == "TP, true positive: 1 case"
    assert cells["FN"]["words"] == "FN, false negative: 0 cases"
    assert cells["FN"]["help"].endswith("the model misses a malignant case")
    assert [cell["right"] for cell in cells.values()] == [True, True, False, False]
    assert data["chosen"]["outcomes"] == ["TP"]
    assert data["progress"] == ""


def test_while_the_model_predicts_the_outcomes_are_so_far() -> None:
    data = panel_data(CaseFilter(), RECORDS, OUTCOMES, (2, 3))
    assert data["progress"] == "2 of 3 predicted so far"
    words = [cell["words"] for cell in data["outcomes"]["values"]]
    assert words[0] == "TP, true positive: 1 case so far"
    assert all(text.endswith("so far") for text in words)
    truths = next(field for field in data["fields"] if field["name"] == "pathologies")
    assert truths["values"][0]["words"] == "truth benign: 1 case"  # it will not change


def test_fields_in_which_the_cases_do_not_differ_are_not_shown() -> None:
    data = panel_data(CaseFilter(), RECORDS, OUTCOMES, (3, 3))
    names = [field["name"] for field in data["fields"]]
    assert names == ["pathologies", "views", "densities", "assessments"]
    assert panel_data(CaseFilter(), {"C": RECORDS["C"]}, {}, (1, 1))["outcomes"] is None


def test_of_what_the_browser_sends_only_values_that_are_offered_count() -> None:
    sent = {"outcomes": ["FN", "XX", 3], "views": ["CC"], "search": "x", "densities": None}
    chosen = read_choice(sent, RECORDS)
    assert chosen["outcomes"] == {"FN"}
    assert chosen["views"] == {"CC"}
    assert chosen["densities"] == frozenset()
    assert "search" not in chosen
    for nonsense in (None, [], "TP", {"outcomes": 5}):
        assert set(read_choice(nonsense, RECORDS).values()) == {frozenset()}

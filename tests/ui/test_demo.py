"""The Demo page on the stand-in service: the choice of cases, the scenes, moving between stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import BUILT_IN_LAYERS, make_case
from tests.ui.pages import demo_page
from tests.ui.stand_in_service import (
    CLASSIFIER,
    SAYS_BENIGN,
    SAYS_MALIGNANT,
    SPEC,
    StandInService,
    page_text,
    set_viewer_drawn,
    use_stand_in,
    without_error,
)
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.settings import ROOT
from xai_core.types import Outcome, Pathology, Prediction
from xai_core.ui.address import read_address, read_viewport, without_viewport
from xai_core.ui.compare.panels import read_comparison
from xai_core.ui.demo.stops import STOPS, Stop, TourCases, choose_tour_cases, fill_in

IDS = ("a", "b", "c", "d")
TP, TN, FP, FN = Outcome


def tour_cases(
    outcomes: dict[str, Outcome], all_predicted: bool = False, **logits: float
) -> TourCases:
    """The cases chosen when these outcomes are known; ``logits``: of malignant, by case."""
    predictions = {key: Prediction((0.0, logits.get(key, 2.0))) for key in outcomes}
    return choose_tour_cases(IDS, outcomes, predictions, all_predicted, 0.5)


def test_the_first_case_of_an_outcome_is_chosen_once_all_before_it_are_predicted() -> None:
    assert tour_cases({"b": TN}).negative is None  # "a" may still turn out to be one
    chosen = tour_cases({"a": TN, "b": TP, "c": FN}, all_predicted=True)
    assert (chosen.positive, chosen.negative, chosen.wrong) == ("b", "a", "c")
    assert chosen.outcome("c") is FN


def test_the_most_probable_of_the_first_three_true_positives_is_chosen() -> None:
    outcomes = dict.fromkeys(IDS, TP)
    logits = {"a": 0.1, "b": 2.0, "c": 1.0, "d": 3.0}
    assert tour_cases({"a": TP, "b": TP}, **logits).positive is None  # "c" may be more probable
    assert tour_cases({"a": TP, "b": TP, "c": TP}, **logits).positive == "b"
    # "d" is not among the first three
    assert tour_cases(outcomes, all_predicted=True, **logits).positive == "b"
    assert tour_cases({"a": TN, "d": TP}, all_predicted=True, **logits).positive == "d"


def test_a_chosen_case_stays_when_more_predictions_arrive() -> None:
    outcomes = {"a": TP, "b": FN, "c": TN, "d": TP}
    before: TourCases | None = None
    for n in range(1, 5):
        chosen = tour_cases(dict(list(outcomes.items())[:n]), all_predicted=n == 4)
        if before is not None:
            for field in ("positive", "negative", "wrong"):
                earlier = getattr(before, field)
                assert earlier is None or earlier == getattr(chosen, field)
        before = chosen


def test_a_false_positive_stands_in_for_a_missing_false_negative() -> None:
    outcomes = {"a": FP, "b": TP, "c": TN, "d": TN}
    assert tour_cases(outcomes).wrong is None
    assert tour_cases(outcomes, all_predicted=True).wrong == "a"


def test_the_narrowest_decision_stands_in_for_a_missing_wrong_one() -> None:
    outcomes = dict.fromkeys(IDS, TN)
    chosen = tour_cases(outcomes, all_predicted=True, a=-2, b=-2, c=-0.1, d=-2)
    assert (chosen.positive, chosen.negative, chosen.wrong) == ("a", "a", "c")


def test_the_first_case_stands_in_where_no_truth_is_given() -> None:
    chosen = choose_tour_cases(IDS, {}, {}, True, 0.5)
    assert (chosen.positive, chosen.negative, chosen.wrong) == ("a", "a", "a")


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.short or stop.title)
def test_every_stop_is_a_valid_request_viewport_and_text(stop: Stop) -> None:
    ExplainRequest(**stop.request_fields)  # raises if a field is invalid
    viewport, problems = read_viewport(stop.viewport)
    assert not problems
    assert set(viewport) == set(stop.viewport)
    for outcome in (None, *Outcome):
        for prediction in (None, SAYS_MALIGNANT, SAYS_BENIGN):
            for text in (stop.speech, stop.title):
                assert "{" not in fill_in(text, make_case(), prediction, SPEC, outcome)


def test_texts_are_filled_in_from_the_prediction_and_the_outcome() -> None:
    case = make_case(pathology=Pathology.MALIGNANT)
    miss = fill_in("{says} {p} {truth} {outcome} {wrong_title}", case, SAYS_BENIGN, SPEC, FN)
    assert miss == "benign 0.88 malignant a false negative, a miss A wrong decision"
    assert fill_in("{wrong_title}", case, SAYS_MALIGNANT, SPEC, TP) == "The narrowest decision"


# --- the page -------------------------------------------------------------------------------


Links = list[tuple[str, dict[str, str]]]


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> Links:
    """The links drawn, as (file, address): AppTest knows one page and cannot draw links."""
    drawn: Links = []

    def page_link(file: str, *, label: str, query_params: dict[str, str]) -> None:
        drawn.append((str(Path(file).relative_to(ROOT)), query_params))

    monkeypatch.setattr(st, "page_link", page_link)
    return drawn


@pytest.fixture
def stand_in(links: Links) -> Iterator[StandInService]:
    with use_stand_in() as stand_in:
        stand_in.known_predictions["TP-2"] = SAYS_BENIGN  # a false negative
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(demo_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return without_error(page.run())


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return without_error(page.run())


def test_next_and_back_go_through_all_stops(stand_in: StandInService) -> None:
    page = opened()
    cases = []
    for number, stop in enumerate(STOPS, start=1):
        assert f"Stop {number} of {len(STOPS)}" in page_text(page)
        assert page.query_params["stop"] in (str(number), [str(number)])
        cases.append({asked.case_id for asked in stand_in.asked})
        if stop.scene == "explore":
            (asked,) = stand_in.asked
            fields = {name: getattr(asked.request, name) for name in stop.request_fields}
            assert fields == stop.request_fields
        if number < len(STOPS):
            page = press(page, "Next")
    assert cases == [{"TP-1"}] * 5 + [{"TP-2"}, {"TP-1", "TN-1"}]
    assert all(button.disabled for button in page.button if button.label == "Next")
    page = press(page, "Back")
    assert f"Stop {len(STOPS) - 1} of" in page_text(page)
    assert "a false negative, a miss" in page_text(page)


def test_a_stop_links_to_the_page_with_the_same_state(
    stand_in: StandInService, links: Links
) -> None:
    page = opened(stop="5")
    file, address = links[-1]
    assert file == "pages/explore.py"
    assert address["step"] == "deletion:0"
    request, problems = read_address(
        without_viewport(address), list(stand_in.cases), CaseRequest("TN-2"), CLASSIFIER
    )
    assert not problems
    assert request == stand_in.asked[0]
    page = press(press(page, "Next"), "Next")
    file, address = links[-1]
    assert file == "pages/compare.py"
    comparison, problems = read_comparison(address, list(stand_in.cases))
    assert not problems
    assert (comparison.positive, comparison.negative) == ("TP-1", "TN-1")
    assert comparison.curves


def test_an_address_opens_its_stop(stand_in: StandInService) -> None:
    page = opened(stop="4")
    assert "Area levels, live" in page_text(page)
    assert stand_in.asked[0].request.method == "hybrid-cam"
    assert stand_in.asked[0].request.layer == BUILT_IN_LAYERS[0]


@pytest.mark.parametrize("stop", ["0", "8", "x", "-1", "99999999999", "00015", "0" + 5000 * "9"])
def test_an_address_with_an_unknown_stop_gets_a_sentence(
    stand_in: StandInService, stop: str
) -> None:
    page = opened(stop=stop)
    assert "but there are 7" in page_text(page)
    assert "Stop 1 of 7" in page_text(page)


def test_the_sentence_on_an_address_stays_until_the_next_stop(stand_in: StandInService) -> None:
    page = opened(stop="3", method="nope")
    for _ in range(3):
        without_error(page.run())
        assert "nope" in page_text(page)
    press(page, "Next")
    assert "nope" not in page_text(page)


def test_a_changed_stop_is_set_up_again_on_the_next_arrival(
    stand_in: StandInService,
) -> None:
    page = opened(stop="2")
    set_viewer_drawn(page)
    method = next(c for c in without_error(page.run()).segmented_control if c.label == "Method")
    method.set_value("hybrid-cam").run()
    assert stand_in.asked[0].request.method == "hybrid-cam"
    without_error(page.run())
    assert stand_in.asked[0].request.method == "hybrid-cam"
    page = press(press(page, "Next"), "Back")
    assert stand_in.asked[0].request.method == "grad-cam"


def test_the_tour_waits_until_its_cases_are_chosen(stand_in: StandInService) -> None:
    stand_in.known_predictions.clear()
    page = opened()
    assert "Choosing the cases" in page_text(page)
    assert "0 of 4 predicted so far" in page_text(page)
    stand_in.predict_all()
    assert "Two images of one breast" in page_text(without_error(page.run()))

"""The tour on a service without a network: whom it is told with, what it shows, how it moves on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import BUILT_IN_LAYERS, make_case
from tests.ui.pages import demo_page
from tests.ui.stand_in_service import (
    CLASSIFIER,
    NO,
    SPEC,
    YES,
    StandInService,
    clean,
    on_duty,
    seen,
    words,
)
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.types import Outcome, Pathology, Prediction
from xai_core.ui.address import read_address, read_viewport, without_viewport
from xai_core.ui.compare.panels import read_comparison
from xai_core.ui.demo.stops import STOPS, TourCases, choose_tour_cases, filled

IDS = ("a", "b", "c", "d")
TP, TN, FP, FN = Outcome


def cast(outcomes: dict[str, Outcome], everything: bool = False, **p: float) -> TourCases:
    """The cast when these outcomes are known; ``p``: logits of malignant."""
    said = {key: Prediction((0.0, p.get(key, 2.0))) for key in outcomes}
    return choose_tour_cases(IDS, outcomes, said, everything, 0.5)


def test_the_first_of_each_kind_once_nothing_before_it_is_open() -> None:
    assert cast({"b": TN}).clear is None  # "a" may still turn out to be one
    found = cast({"a": TN, "b": TP, "c": FN}, everything=True)
    assert (found.hit, found.clear, found.wrong) == ("b", "a", "c")
    assert found.outcome("c") is FN


def test_the_surest_of_the_first_true_positives_is_the_hit() -> None:
    outcomes = dict.fromkeys(IDS, TP)
    sure = {"a": 0.1, "b": 2.0, "c": 1.0, "d": 3.0}
    assert cast({"a": TP, "b": TP}, **sure).hit is None  # "c" may be the surest
    assert cast({"a": TP, "b": TP, "c": TP}, **sure).hit == "b"
    assert cast(outcomes, everything=True, **sure).hit == "b"  # "d" is not among the first three
    assert cast({"a": TN, "d": TP}, everything=True, **sure).hit == "d"


def test_a_choice_stays_when_more_is_known() -> None:
    outcomes = {"a": TP, "b": FN, "c": TN, "d": TP}
    before: TourCases | None = None
    for n in range(1, 5):
        now = cast(dict(list(outcomes.items())[:n]), everything=n == 4)
        if before is not None:
            for field in ("hit", "clear", "wrong"):
                kept = getattr(before, field)
                assert kept is None or kept == getattr(now, field)
        before = now


def test_a_false_alarm_stands_in_where_there_is_no_miss() -> None:
    outcomes = {"a": FP, "b": TP, "c": TN, "d": TN}
    assert cast(outcomes).wrong is None
    assert cast(outcomes, everything=True).wrong == "a"


def test_the_narrowest_decision_stands_in_where_none_is_wrong() -> None:
    outcomes = dict.fromkeys(IDS, TN)
    found = cast(outcomes, everything=True, a=-2, b=-2, c=-0.1, d=-2)
    assert (found.hit, found.clear, found.wrong) == ("a", "a", "c")


def test_no_truth_at_all_still_tells_the_story() -> None:
    found = choose_tour_cases(IDS, {}, {}, True, 0.5)
    assert (found.hit, found.clear, found.wrong) == ("a", "a", "a")


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.short or stop.title)
def test_every_stop_is_a_state_that_can_be_reached_by_hand(stop: object) -> None:
    assert stop in STOPS
    one = STOPS[STOPS.index(stop)]  # type: ignore[arg-type]
    ExplainRequest(**one.ask)  # raises where it is none
    look, problems = read_viewport(one.look)
    assert not problems
    assert set(look) == set(one.look)
    for outcome in (None, *Outcome):
        for prediction in (None, YES, NO):
            for text in (one.say, one.title):
                said = filled(text, make_case(), prediction, SPEC, outcome)
                assert "{" not in said


def test_words_are_made_of_what_the_model_said() -> None:
    case = make_case(pathology=Pathology.MALIGNANT)
    miss = filled("{says} {p} {truth} {outcome} {wrong_title}", case, NO, SPEC, FN)
    assert miss == "benign 0.88 malignant a false negative, a miss A wrong decision"
    assert filled("{wrong_title}", case, YES, SPEC, TP) == "The narrowest decision"


# --- the page -------------------------------------------------------------------------------


Links = list[tuple[str, dict[str, str]]]


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> Links:
    """The pages linked to, with their addresses: a page under test has no others beside it."""
    found: Links = []

    def link(file: str, *, label: str, query_params: dict[str, str]) -> None:
        found.append((file, query_params))

    monkeypatch.setattr(st, "page_link", link)
    return found


@pytest.fixture
def stand_in(links: Links) -> Iterator[StandInService]:
    with on_duty() as stand_in:
        stand_in.said["TP-2"] = NO  # a miss
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(demo_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return clean(page.run())


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return clean(page.run())


def test_next_and_back_lead_through_all_stops(stand_in: StandInService) -> None:
    page = opened()
    cases = []
    for number, stop in enumerate(STOPS, start=1):
        assert f"Stop {number} of {len(STOPS)}" in words(page)
        assert page.query_params["stop"] in (str(number), [str(number)])
        cases.append({one.case_id for one in stand_in.asked})
        if stop.scene == "explore":
            (asked,) = stand_in.asked
            assert {name: getattr(asked.request, name) for name in stop.ask} == stop.ask
        if number < len(STOPS):
            page = press(page, "Next")
    assert cases == [{"TP-1"}] * 5 + [{"TP-2"}, {"TP-1", "TN-1"}]
    assert all(button.disabled for button in page.button if button.label == "Next")
    page = press(page, "Back")
    assert f"Stop {len(STOPS) - 1} of" in words(page)
    assert "a false negative, a miss" in words(page)


def test_each_stop_links_to_the_same_by_hand(stand_in: StandInService, links: Links) -> None:
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


def test_a_stop_of_an_address(stand_in: StandInService) -> None:
    page = opened(stop="4")
    assert "Area levels, live" in words(page)
    assert stand_in.asked[0].request.method == "hybrid-cam"
    assert stand_in.asked[0].request.layer == BUILT_IN_LAYERS[0]


@pytest.mark.parametrize("stop", ["0", "8", "x", "-1", "99999999999"])
def test_a_stop_that_does_not_exist_is_a_sentence(stand_in: StandInService, stop: str) -> None:
    page = opened(stop=stop)
    assert "but there are 7" in words(page)
    assert "Stop 1 of 7" in words(page)


def test_hands_may_change_a_stop_and_coming_again_shows_it_as_meant(
    stand_in: StandInService,
) -> None:
    page = opened(stop="2")
    seen(page)
    method = next(c for c in clean(page.run()).segmented_control if c.label == "Method")
    method.set_value("hybrid-cam").run()
    assert stand_in.asked[0].request.method == "hybrid-cam"
    clean(page.run())
    assert stand_in.asked[0].request.method == "hybrid-cam"
    page = press(press(page, "Next"), "Back")
    assert stand_in.asked[0].request.method == "grad-cam"


def test_before_the_cases_are_known_the_tour_waits(stand_in: StandInService) -> None:
    stand_in.said.clear()
    page = opened()
    assert "Choosing the cases" in words(page)
    assert "0 of 4 predicted so far" in words(page)
    stand_in.predict_all()
    assert "Two images of one breast" in words(clean(page.run()))

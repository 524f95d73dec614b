"""Previous and next: a press is one step, however often it is reported and how fast it comes."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.stand_in_service import session_part, without_error
from xai_core.ui.case_steps import PendingSteps


def _page() -> None:
    """Five positions; a run with "another part" set does not draw the buttons.

    What the browser would report is typed into a text box.
    """
    import json

    import streamlit as st

    from xai_core.ui import case_steps

    def case_at(step: int) -> str | None:
        position = int(st.session_state.get("place", "1")) + step
        return str(position) if 0 <= position < 5 else None

    def go_to(place: str | None) -> None:
        if place is not None:
            st.session_state["place"] = place

    def report() -> None:
        case_steps.note_presses(json.loads(st.session_state["report"]))

    st.session_state.setdefault("place", "1")
    st.text_input("report", key="report", on_change=report)
    # Stands for the run of another fragment: callbacks are called, but nothing is drawn here.
    if not st.session_state.pop("another part", False):
        case_steps.show(case_at, go_to)
    st.caption(st.session_state["place"])


@pytest.fixture
def page() -> AppTest:
    return without_error(AppTest.from_function(_page).run())


def report(page: AppTest, *presses: object) -> str:
    """Report presses as the browser does; returns the place that is shown."""
    without_error(page.text_input[0].set_value(json.dumps(presses)).run())
    return str(page.caption[0].value)


def test_each_press_is_one_step(page: AppTest) -> None:
    assert report(page, 7, 1) == "2"
    assert report(page, 7, 2) == "3"
    assert report(page, 7, 1) == "2"


def test_presses_that_come_while_the_server_is_busy_are_all_taken(page: AppTest) -> None:
    assert report(page, 7, 1) == "2"
    page.session_state["another part"] = True
    assert report(page, 7, 2) == "2"
    assert report(page, 7, 3) == "4"


def test_a_press_that_is_also_reported_with_a_timers_message_is_one_step(page: AppTest) -> None:
    page.session_state["another part"] = True
    assert report(page, 7, 1) == "1"
    page.text_input[0].set_value("[7,  1]")  # the same, in another text: else it is no change
    assert without_error(page.run()).caption[0].value == "2"
    assert without_error(page.run()).caption[0].value == "2"


def test_buttons_that_were_built_anew_count_from_zero(page: AppTest) -> None:
    assert report(page, 7, 2) == "3"
    assert report(page, 8, 1) == "4"


def test_there_is_no_step_past_the_ends(page: AppTest) -> None:
    assert report(page, 7, -3) == "0"
    assert report(page, 7, 1000) == "4"
    assert session_part(page, PendingSteps).steps == 0


@pytest.mark.parametrize("nonsense", [[], [1], ["a", "b"], [7, None], [7, True], [7, 1.5]])
def test_a_report_that_is_not_two_whole_numbers_is_ignored(
    page: AppTest, nonsense: list[object]
) -> None:
    assert report(page, *nonsense) == "1"

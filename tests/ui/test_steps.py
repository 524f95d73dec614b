"""Previous and next: a press is one step, even if the browser sends it twice."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.stand_in_service import session_part, without_error
from xai_core.ui.case_list import PendingStep


def _page() -> None:
    """Five positions; a run with "another part" set does not draw the two buttons."""
    import streamlit as st

    from xai_core.ui import case_list

    def case_at(step: int) -> str | None:
        position = int(st.session_state.get("place", "1")) + step
        return str(position) if 0 <= position < 5 else None

    def go_to(place: str | None) -> None:
        if place is not None:
            st.session_state["place"] = place

    st.session_state.setdefault("place", "1")
    # Stands for the run of another fragment: callbacks are called, but nothing is drawn here.
    if not st.session_state.pop("another part", False):
        case_list.show_previous_and_next(case_at, go_to)
    st.caption(st.session_state["place"])


def opened() -> AppTest:
    return without_error(AppTest.from_function(_page).run())


def place(page: AppTest) -> str:
    return str(page.caption[0].value)


def test_each_press_is_one_step() -> None:
    page = opened()
    for expected in ("2", "3"):
        without_error(page.button("next").click().run())
        assert place(page) == expected
    without_error(page.button("previous").click().run())
    assert place(page) == "2"


def test_a_press_that_is_also_sent_with_a_timers_message_is_one_step() -> None:
    page = opened()
    page.session_state["another part"] = True
    press = page.button("next")
    without_error(press.click().run())
    assert place(page) == "1"
    without_error(press.click().run())
    assert place(page) == "2"
    without_error(page.run())
    assert place(page) == "2"


def test_there_is_no_step_past_the_ends() -> None:
    page = opened()
    without_error(page.button("previous").click().run())
    assert place(page) == "0"
    assert page.button("previous").disabled
    session_part(page, PendingStep).step = -1  # pressed before the button was drawn disabled
    without_error(page.run())
    assert place(page) == "0"

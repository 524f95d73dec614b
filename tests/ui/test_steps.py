"""Previous and next: a press is one step, however often the browser sends it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.stand_in_service import clean, kept
from xai_core.ui.case_list import Steps


def _page() -> None:
    """Five places, the steps in a part of the page that a run may leave out."""
    import streamlit as st

    from xai_core.ui import case_list

    def there(by: int) -> str | None:
        to = int(st.session_state.get("place", "1")) + by
        return str(to) if 0 <= to < 5 else None

    def go(place: str | None) -> None:
        if place is not None:
            st.session_state["place"] = place

    st.session_state.setdefault("place", "1")
    # As in the run of another fragment: callbacks are called, but nothing is drawn here.
    if not st.session_state.pop("another part", False):
        case_list.previous_and_next(there, go)
    st.caption(st.session_state["place"])


def opened() -> AppTest:
    return clean(AppTest.from_function(_page).run())


def place(page: AppTest) -> str:
    return str(page.caption[0].value)


def test_each_press_is_one_step() -> None:
    page = opened()
    for expected in ("2", "3"):
        clean(page.button("next").click().run())
        assert place(page) == expected
    clean(page.button("previous").click().run())
    assert place(page) == "2"


def test_a_press_sent_with_a_timer_s_message_too_is_one_step() -> None:
    page = opened()
    page.session_state["another part"] = True
    press = page.button("next")
    clean(press.click().run())
    assert place(page) == "1"
    clean(press.click().run())
    assert place(page) == "2"
    clean(page.run())
    assert place(page) == "2"


def test_there_is_no_step_past_the_ends() -> None:
    page = opened()
    clean(page.button("previous").click().run())
    assert place(page) == "0"
    assert page.button("previous").disabled
    kept(page, Steps).pressed = -1  # pressed before it was drawn so
    clean(page.run())
    assert place(page) == "0"

"""The current request and the widgets that show it, over several runs of a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import one_choice, page_after_page
from tests.ui.stand_in_service import session_part
from xai_core.explain.request import ExplainRequest
from xai_core.ui import session as ui_session


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(one_choice, default_timeout=30).run()


def shown(page: AppTest) -> ExplainRequest:
    case_request = session_part(page, ui_session.ShownRequest).request
    assert case_request is not None
    return case_request.request


def test_what_an_address_has_unusable_is_told_on_its_own_page_alone() -> None:
    page = AppTest.from_function(page_after_page, default_timeout=30)
    page.query_params["case"] = "Z"
    assert "names the case “Z”" in page.run().warning[0].value
    assert len(page.button[0].click().run().warning) == 1, "it stays while the page does"
    assert not page.toggle[0].set_value(True).run().warning


def test_a_users_change_reaches_the_request_and_keeps_the_widget(page: AppTest) -> None:
    before = page.radio[0].key
    page.radio[0].set_value("score-cam").run()
    assert shown(page).method == "score-cam"
    assert page.radio[0].key == before  # the same widget, so it keeps the keyboard focus
    assert not page.exception


def test_a_change_by_another_widget_is_shown_by_a_new_widget(page: AppTest) -> None:
    before = page.radio[0].key
    page.button[0].click().run()
    assert shown(page).method == "hybrid-cam"
    assert page.radio[0].key != before
    assert page.radio[0].value == "hybrid-cam"
    page.radio[0].set_value("grad-cam").run()
    assert shown(page).method == "grad-cam"


def test_the_order_of_a_list_value_does_not_make_a_new_widget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = bare(monkeypatch)
    session[ui_session.widget_key("levels", [1.0, 2.0])] = [2.0, 1.0]
    assert ui_session.widget_key("levels", [1.0, 2.0]) == "levels 0"
    assert ui_session.widget_key("levels", [1.0]) == "levels 1"


def test_a_late_message_of_a_replaced_widget_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, values = bare(monkeypatch), []
    old_callback = draw_widget(session, "choice", "a", values.append)
    session["choice 0"] = "b"
    old_callback()
    assert values == ["b"]
    # Another widget changes the value to c, which makes a new widget.
    new_callback = draw_widget(session, "choice", "c", values.append)
    session["choice 0"] = "a"
    old_callback()
    assert values == ["b"]
    session["choice 1"] = "d"
    new_callback()
    assert values == ["b", "d"]


class _FakeStreamlit:
    """The part of Streamlit that widget keys need."""

    def __init__(self) -> None:
        self.session_state: dict[str, object] = {}


def bare(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The session state of a session without a page."""
    fake = _FakeStreamlit()
    monkeypatch.setattr(ui_session, "st", fake)
    return fake.session_state


def draw_widget(
    session: dict[str, object], widget: str, value: str, act: Callable[[object], None]
) -> Callable[[], None]:
    """Draw a widget as pages do; returns the callback that Streamlit would call on a change."""
    session[ui_session.widget_key(widget, value)] = value
    return ui_session.on_user_change(widget, act)


def test_a_fragment_replaces_its_part_of_the_address_and_keeps_the_viewport() -> None:
    page = AppTest.from_function(page_with_a_part, default_timeout=30)
    page.query_params["case"], page.query_params["zoom"] = "A", "2"
    page.run()
    before = address_of(page)
    assert before == {"case": "A", "zoom": "2"}
    page.button[0].click().run()
    assert address_of(page) == {"case": "A", "find": "x", "zoom": "2"}
    page.button[1].click().run()
    assert address_of(page) == before
    assert not page.exception


def page_with_a_part() -> None:
    """A fragment that writes its part of the address; the page writes its own at first only."""
    import streamlit as st

    from tests.ui.stand_in_service import CLASSIFIER
    from xai_core.ui import session

    session.restore(["A", "B"], CLASSIFIER)
    if not session.part(session.ShownRequest).address:
        session.update_address({"case": "A"})
    if st.button("find"):
        session.update_address_part(["find"], {"find": "x"})
    if st.button("clear"):
        session.update_address_part(["find"], {})


def address_of(page: AppTest) -> dict[str, str]:
    parameters = page.query_params.items()
    return {name: value[0] if isinstance(value, list) else value for name, value in parameters}

"""The request on show and the widgets drawn of it, one script run after another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import one_choice
from tests.ui.stand_in_service import kept
from xai_core.explain.request import ExplainRequest
from xai_core.ui import session as ui_session


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(one_choice, default_timeout=30).run()


def shown(page: AppTest) -> ExplainRequest:
    asked = kept(page, ui_session.Shown).request
    assert asked is not None
    return asked.request


def test_a_persons_change_reaches_the_request_and_keeps_the_widget(page: AppTest) -> None:
    before = page.radio[0].key
    page.radio[0].set_value("score-cam").run()
    assert shown(page).method == "score-cam"
    assert page.radio[0].key == before  # the same widget: the keyboard's focus stays in it
    assert not page.exception


def test_a_change_from_elsewhere_is_shown_by_a_new_widget(page: AppTest) -> None:
    before = page.radio[0].key
    page.button[0].click().run()
    assert shown(page).method == "hybrid-cam"
    assert page.radio[0].key != before
    assert page.radio[0].value == "hybrid-cam"
    page.radio[0].set_value("grad-cam").run()
    assert shown(page).method == "grad-cam"


def test_the_order_in_which_switches_were_clicked_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = bare(monkeypatch)
    session[ui_session.key_showing("levels", [1.0, 2.0])] = [2.0, 1.0]
    assert ui_session.key_showing("levels", [1.0, 2.0]) == "levels 0"
    assert ui_session.key_showing("levels", [1.0]) == "levels 1"


def test_a_late_message_of_a_widget_replaced_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, heard = bare(monkeypatch), []
    late = drawn(session, "choice", "a", heard.append)
    session["choice 0"] = "b"
    late()
    assert heard == ["b"]
    now = drawn(session, "choice", "c", heard.append)  # something else chose c meanwhile
    session["choice 0"] = "a"
    late()
    assert heard == ["b"]
    session["choice 1"] = "d"
    now()
    assert heard == ["b", "d"]


class _Bare:
    """As much of Streamlit as keys need."""

    def __init__(self) -> None:
        self.session_state: dict[str, object] = {}


def bare(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A session without a page."""
    stand_in = _Bare()
    monkeypatch.setattr(ui_session, "st", stand_in)
    return stand_in.session_state


def drawn(
    session: dict[str, object], widget: str, value: str, act: Callable[[object], None]
) -> Callable[[], None]:
    """Draw a widget as pages do: what Streamlit would call when it changes."""
    session[ui_session.key_showing(widget, value)] = value
    return ui_session.when_changed(widget, act)

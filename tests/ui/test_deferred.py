"""The viewer's first picture is sent alone; the rest of the page follows when it has drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import make_case
from tests.ui.pages import explore_page, live_page, silent_viewer_page
from tests.ui.stand_in_service import StandInService, use_stand_in, without_error
from xai_core.ui import viewer

Sent = list[dict[str, Any]]


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with use_stand_in() as stand_in:
        grey = np.full((60, 45), 0.5, np.float32)
        stand_in.cases = {
            "A": make_case("A", recombined=grey),
            "B": make_case("B", 1, recombined=grey),
        }
        yield stand_in


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The data sent to the viewer; a button stands for its report that it has drawn."""
    messages: Sent = []

    def mount(data: dict[str, Any], key: str, **handlers: viewer.Handler) -> None:
        messages.append(data)
        st.button("drawn", key=f"{key} drawn", on_click=lambda: handlers["drawn"](True))

    monkeypatch.setattr(viewer, "mount", mount)
    return messages


def opened(stand_in: StandInService, **address: str) -> AppTest:
    """A new browser session opens a case whose explanation is known."""
    page = AppTest.from_function(live_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    without_error(page.run())
    stand_in.finish()
    fresh = AppTest.from_function(live_page, default_timeout=60)
    for name, value in address.items():
        fresh.query_params[name] = value
    return without_error(fresh.run())


def plots(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_the_first_message_holds_only_the_picture_and_its_map(
    stand_in: StandInService, sent: Sent
) -> None:
    page = opened(stand_in)
    first = sent[-1]
    assert first["first"]
    assert first["heat"] is not None
    assert set(first["case"]) == {"low", "digest"}
    assert first["scrub"] is None
    assert first["follows"]
    assert plots(page) == 0

    without_error(page.button("viewer drawn").click().run())
    rest = sent[-1]
    assert not rest["first"]
    assert rest["case"]["low"] is first["case"]["low"]
    assert "recombined" in rest["case"]
    assert rest["scrub"] is not None
    assert not rest["follows"]
    assert plots(page) == 1


def test_later_cases_of_a_session_are_sent_whole(stand_in: StandInService, sent: Sent) -> None:
    page = opened(stand_in)
    without_error(page.button("viewer drawn").click().run())
    page.query_params["case"] = "B"
    without_error(page.run())
    stand_in.finish()
    without_error(page.run())
    assert not sent[-1]["first"]
    assert "recombined" in sent[-1]["case"]
    assert plots(page) == 1


@pytest.mark.parametrize("viewport", [{"show": "recombined"}, {"step": "insertion:3"}])
def test_an_address_with_a_viewport_gets_the_whole_case_at_once(
    stand_in: StandInService, sent: Sent, viewport: dict[str, str]
) -> None:
    page = opened(stand_in, **viewport)
    assert sent[-1]["first"]
    assert "recombined" in sent[-1]["case"]
    assert sent[-1]["scrub"] is not None
    assert plots(page) == 0


def test_sessions_share_the_encoded_pictures(stand_in: StandInService, sent: Sent) -> None:
    opened(stand_in)
    before = sent[-1]
    opened(stand_in)
    assert sent[-1]["case"]["low"] is before["case"]["low"]


def element_counts(page: AppTest) -> dict[str, int]:
    """The number of elements on the page, without the viewer."""
    return {
        kind: len(page.get(kind))
        for kind in ("radio", "button_group", "metric", "plotly_chart", "progress")
    }


def test_all_other_elements_wait_for_the_picture(stand_in: StandInService, sent: Sent) -> None:
    page = without_error(AppTest.from_function(explore_page, default_timeout=60).run())
    assert sent[-1]["first"]
    assert not any(element_counts(page).values())

    without_error(page.button("viewer drawn").click().run())
    assert element_counts(page) == {
        "radio": 1, "button_group": 6, "metric": 2, "plotly_chart": 1, "progress": 1,
    }  # fmt: skip


def test_the_page_does_not_wait_for_an_unreadable_picture(
    stand_in: StandInService, sent: Sent
) -> None:
    stand_in.unreadable = ("A",)
    page = AppTest.from_function(explore_page, default_timeout=60).run()
    assert not sent
    assert ["is damaged" in error.value for error in page.error] == [True]
    assert element_counts(page)["radio"] == 1
    assert element_counts(page)["button_group"] >= 4


def test_the_page_stops_waiting_after_the_timeout(stand_in: StandInService, sent: Sent) -> None:
    page = without_error(AppTest.from_function(silent_viewer_page, default_timeout=60).run())
    assert [caption.value for caption in page.caption] == ["the rest"]

"""The picture first: the page's rest, and what the viewer shows later, follow when it has drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import make_case
from tests.ui.pages import explained_page, explore_page, silent_viewer_page
from tests.ui.stand_in_service import StandInService, clean, on_duty
from xai_core.ui import viewer

Sent = list[dict[str, Any]]


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with on_duty() as stand_in:
        grey = np.full((60, 45), 0.5, np.float32)
        stand_in.cases = {
            "A": make_case("A", recombined=grey),
            "B": make_case("B", 1, recombined=grey),
        }
        yield stand_in


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What the viewer was given; a button says, as the viewer does, that it has drawn."""
    given: Sent = []

    def mount(data: dict[str, Any], key: str, **handlers: viewer.Handler) -> None:
        given.append(data)
        st.button("drawn", key=f"{key} drawn", on_click=lambda: handlers["drawn"](True))

    monkeypatch.setattr(viewer, "mount", mount)
    return given


def opened(stand_in: StandInService, **address: str) -> AppTest:
    """A browser session that has seen nothing comes to a case that is explained already."""
    page = AppTest.from_function(explained_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    clean(page.run())
    stand_in.finish()
    fresh = AppTest.from_function(explained_page, default_timeout=60)
    for name, value in address.items():
        fresh.query_params[name] = value
    return clean(fresh.run())


def plots(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_the_first_sight_is_the_picture_and_its_map(stand_in: StandInService, sent: Sent) -> None:
    page = opened(stand_in)
    first = sent[-1]
    assert first["first"]
    assert first["heat"] is not None
    assert set(first["case"]) == {"low", "digest"}
    assert first["scrub"] is None
    assert first["follows"]
    assert plots(page) == 0

    clean(page.button("viewer drawn").click().run())
    rest = sent[-1]
    assert not rest["first"]
    assert rest["case"]["low"] is first["case"]["low"]
    assert "recombined" in rest["case"]
    assert rest["scrub"] is not None
    assert not rest["follows"]
    assert plots(page) == 1


def test_it_is_the_first_once_a_session(stand_in: StandInService, sent: Sent) -> None:
    page = opened(stand_in)
    clean(page.button("viewer drawn").click().run())
    page.query_params["case"] = "B"
    clean(page.run())
    stand_in.finish()
    clean(page.run())
    assert not sent[-1]["first"]
    assert "recombined" in sent[-1]["case"]
    assert plots(page) == 1


@pytest.mark.parametrize("look", [{"show": "recombined"}, {"step": "insertion:3"}])
def test_an_address_that_looks_at_more_gets_it_at_once(
    stand_in: StandInService, sent: Sent, look: dict[str, str]
) -> None:
    page = opened(stand_in, **look)
    assert sent[-1]["first"]
    assert "recombined" in sent[-1]["case"]
    assert sent[-1]["scrub"] is not None
    assert plots(page) == 0


def test_another_session_gets_what_was_made_for_the_first(
    stand_in: StandInService, sent: Sent
) -> None:
    opened(stand_in)
    before = sent[-1]
    opened(stand_in)
    assert sent[-1]["case"]["low"] is before["case"]["low"]


def drawn(page: AppTest) -> dict[str, int]:
    """How many there are of what the page consists of beside the viewer."""
    return {
        kind: len(page.get(kind))
        for kind in ("radio", "button_group", "metric", "plotly_chart", "progress")
    }


def test_all_else_waits_for_the_picture(stand_in: StandInService, sent: Sent) -> None:
    page = clean(AppTest.from_function(explore_page, default_timeout=60).run())
    assert sent[-1]["first"]
    assert not any(drawn(page).values())

    clean(page.button("viewer drawn").click().run())
    assert drawn(page) == {
        "radio": 1, "button_group": 5, "metric": 2, "plotly_chart": 1, "progress": 1,
    }  # fmt: skip


def test_it_does_not_wait_for_a_picture_that_cannot_be_read(
    stand_in: StandInService, sent: Sent
) -> None:
    stand_in.unreadable = ("A",)
    page = AppTest.from_function(explore_page, default_timeout=60).run()
    assert not sent
    assert ["is damaged" in error.value for error in page.error] == [True]
    assert drawn(page)["radio"] == 1
    assert drawn(page)["button_group"] >= 4


def test_it_does_not_wait_for_ever(stand_in: StandInService, sent: Sent) -> None:
    page = clean(AppTest.from_function(silent_viewer_page, default_timeout=60).run())
    assert [caption.value for caption in page.caption] == ["the rest"]

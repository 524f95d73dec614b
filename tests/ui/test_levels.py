"""Hybrid-CAM's area levels: choosing, adding and resetting them, and refused levels."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import levels_page
from tests.ui.stand_in_service import session_part
from xai_core.types import PAPER_LEVELS
from xai_core.ui import session


@pytest.fixture
def page() -> AppTest:
    page = AppTest.from_function(levels_page, default_timeout=30)
    page.query_params["method"] = "hybrid-cam"
    return page.run()


def active(page: AppTest) -> tuple[float, ...]:
    assert not page.exception
    levels: tuple[float, ...] = session_part(page, session.ShownRequest).request.request.option(
        "levels"
    )
    return levels


def add(page: AppTest, text: str) -> AppTest:
    return page.text_input[0].set_value(text).run()


def test_chosen_levels_reach_the_request(page: AppTest) -> None:
    assert active(page) == PAPER_LEVELS
    page.multiselect[0].set_value([50.0, 1.0, 2.0]).run()
    assert active(page) == (1.0, 2.0, 50.0)
    assert not page.caption[0].value


def test_the_last_level_cannot_be_switched_off(page: AppTest) -> None:
    page.multiselect[0].set_value([5.0]).run()
    page.multiselect[0].set_value([]).run()
    assert "At least one level stays on" in page.caption[0].value
    assert active(page) == (5.0,)


def test_own_levels_are_added_and_keep_their_switches(page: AppTest) -> None:
    add(page, "15, 7.5")
    assert active(page) == tuple(sorted((*PAPER_LEVELS, 7.5, 15.0)))
    add(page, "33 %")
    assert 33.0 in active(page)
    page.multiselect[0].set_value([15.0]).run()
    assert active(page) == (15.0,)
    assert "7.5" in page.multiselect[0].options  # switched off, still listed


@pytest.mark.parametrize(
    ("text", "sentence"), [("120", "Area levels are"), ("a lot", "is not a list of numbers")]
)
def test_refused_levels_show_a_sentence_until_the_next_change(
    page: AppTest, text: str, sentence: str
) -> None:
    add(page, text)
    assert sentence in page.caption[0].value
    assert active(page) == PAPER_LEVELS
    add(page, "15")
    assert not page.caption[0].value


def test_resetting_restores_the_papers_levels(page: AppTest) -> None:
    add(page, "15")
    page.multiselect[0].set_value([15.0]).run()
    page.button[0].click().run()
    assert active(page) == PAPER_LEVELS
    assert len(page.multiselect[0].options) == len(PAPER_LEVELS)

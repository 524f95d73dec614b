"""Hybrid-CAM's area levels: what a hand may ask for, and what is said where it may not."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import level_hands
from tests.ui.stand_in_service import kept
from xai_core.types import PAPER_LEVELS
from xai_core.ui import session


@pytest.fixture
def page() -> AppTest:
    page = AppTest.from_function(level_hands, default_timeout=30)
    page.query_params["method"] = "hybrid-cam"
    return page.run()


def active(page: AppTest) -> tuple[float, ...]:
    assert not page.exception
    levels: tuple[float, ...] = kept(page, session.Shown).request.request.option("levels")
    return levels


def add(page: AppTest, text: str) -> AppTest:
    return page.text_input[0].set_value(text).run()


def test_levels_are_chosen(page: AppTest) -> None:
    assert active(page) == PAPER_LEVELS
    page.multiselect[0].set_value([50.0, 1.0, 2.0]).run()
    assert active(page) == (1.0, 2.0, 50.0)
    assert not page.caption[0].value


def test_the_last_level_stays_on(page: AppTest) -> None:
    page.multiselect[0].set_value([5.0]).run()
    page.multiselect[0].set_value([]).run()
    assert "At least one level stays on" in page.caption[0].value
    assert active(page) == (5.0,)


def test_own_levels_are_added_and_stay_on_offer(page: AppTest) -> None:
    add(page, "15, 7.5")
    assert active(page) == tuple(sorted((*PAPER_LEVELS, 7.5, 15.0)))
    add(page, "33 %")
    assert 33.0 in active(page)
    page.multiselect[0].set_value([15.0]).run()
    assert active(page) == (15.0,)
    assert "7.5" in page.multiselect[0].options  # off, yet on offer


@pytest.mark.parametrize(
    ("text", "sentence"), [("120", "Area levels are"), ("a lot", "is not a list of numbers")]
)
def test_what_cannot_be_added_is_said_until_something_else_is_asked(
    page: AppTest, text: str, sentence: str
) -> None:
    add(page, text)
    assert sentence in page.caption[0].value
    assert active(page) == PAPER_LEVELS
    add(page, "15")
    assert not page.caption[0].value


def test_back_to_the_papers_levels(page: AppTest) -> None:
    add(page, "15")
    page.multiselect[0].set_value([15.0]).run()
    page.button[0].click().run()
    assert active(page) == PAPER_LEVELS
    assert len(page.multiselect[0].options) == len(PAPER_LEVELS)

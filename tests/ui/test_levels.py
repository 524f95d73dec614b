"""The editor of Hybrid-CAM's area levels."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import level_editor
from xai_core.types import PAPER_LEVELS


@pytest.fixture
def page() -> AppTest:
    page = AppTest.from_function(level_editor, default_timeout=30)
    page.query_params["method"] = "hybrid-cam"
    return page.run()


def active(page: AppTest) -> tuple[float, ...]:
    assert not page.exception
    levels: tuple[float, ...] = page.session_state["request"].levels
    assert sorted(page.pills[0].value) == list(levels)  # the switches show what is asked for
    return levels


def add(page: AppTest, text: str) -> AppTest:
    page.text_input[0].set_value(text)
    return next(b for b in page.button if b.label == "Add").click().run()


def test_a_method_without_levels_has_no_editor() -> None:
    assert not AppTest.from_function(level_editor, default_timeout=30).run().pills


def test_switches_turn_levels_on_and_off(page: AppTest) -> None:
    assert active(page) == PAPER_LEVELS
    page.pills[0].set_value([1.0, 2.0]).run()
    assert active(page) == (1.0, 2.0)
    page.pills[0].set_value([2.0, 1.0, 50.0]).run()
    assert active(page) == (1.0, 2.0, 50.0)


def test_the_last_level_stays_on(page: AppTest) -> None:
    page.pills[0].set_value([5.0]).run()
    page.pills[0].set_value([]).run()
    assert "At least one level stays on" in page.warning[0].value
    assert active(page) == (5.0,)


def test_own_levels_are_added_by_one_box_that_stays(page: AppTest) -> None:
    box = page.text_input[0].key
    add(page, "15, 7.5")
    assert active(page) == tuple(sorted((*PAPER_LEVELS, 7.5, 15.0)))
    add(page, "33 %")
    assert 33.0 in active(page)
    assert page.text_input[0].key == box
    page.pills[0].set_value([15.0]).run()
    assert "7.5 %" in page.pills[0].options  # off, yet on offer


@pytest.mark.parametrize(
    ("text", "sentence"), [("120", "Area levels are"), ("a lot", "is not a list of numbers")]
)
def test_what_cannot_be_added_is_said(page: AppTest, text: str, sentence: str) -> None:
    add(page, text)
    assert sentence in page.warning[0].value
    assert active(page) == PAPER_LEVELS
    add(page, " ")
    assert not page.warning


def test_back_to_the_papers_levels(page: AppTest) -> None:
    add(page, "15")
    page.pills[0].set_value([15.0]).run()
    next(b for b in page.button if "paper" in b.label).click().run()
    assert active(page) == PAPER_LEVELS
    assert len(page.pills[0].options) == len(PAPER_LEVELS)

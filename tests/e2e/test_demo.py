"""The tour in a browser: by key and by button, each stop the state it links to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import explore
from tests.e2e.conftest import Server

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def at(page: Page, number: int) -> None:
    """Wait for a stop."""
    expect(page.get_by_text(f"Stop {number} of 7")).to_be_visible()
    expect(page).to_have_url(re.compile(f"stop={number}"))


def test_keys_lead_on_and_back_and_stay_with_what_uses_them(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo")
    at(page, 1)
    explore.finished(page)
    for number, key in enumerate(("ArrowRight", "PageDown", "n"), start=2):
        page.keyboard.press(key)
        at(page, number)
    for number, key in ((3, "ArrowLeft"), (2, "PageUp"), (1, "p")):
        page.keyboard.press(key)
        at(page, number)
    for key in ("PageDown", "PageDown", "PageUp"):  # faster than the page is drawn
        page.keyboard.press(key)
    at(page, 2)
    page.keyboard.press("PageUp")
    at(page, 1)
    page.keyboard.press("ArrowLeft")  # there is no stop before the first
    page.keyboard.press("ArrowRight")
    at(page, 2)
    explore.finished(page)
    picture = explore.picture(page)
    picture.focus()
    page.keyboard.press("ArrowRight")  # pans the picture
    page.get_by_role("radio", name="Grad-CAM", exact=True).focus()
    page.keyboard.press("ArrowRight")  # goes to the next choice
    expect(page.get_by_text("Stop 2 of 7")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    at(page, 3)


def test_a_stop_opened_cold_and_the_same_by_hand(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=4")
    at(page, 4)
    explore.finished(page, "Hybrid-CAM, Stage 3 Block 6")
    shown = explore.map_source(page)
    link = page.get_by_role("link", name="The same by hand, on Explore")
    cold = visit(f"{small.url}/{link.get_attribute('href')}")
    explore.finished(cold, "Hybrid-CAM, Stage 3 Block 6")
    assert explore.map_source(cold) == shown
    link.click()
    expect(page).to_have_url(re.compile("/explore.*method=hybrid-cam"))
    explore.finished(page, "Hybrid-CAM, Stage 3 Block 6")
    assert explore.map_source(page) == shown


def test_the_tour_comes_back_as_it_was_left(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=3")
    at(page, 3)
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("heading", name="About this dashboard")).to_be_visible()
    page.get_by_role("link", name="Demo").click()
    at(page, 3)
    expect(page.get_by_text("Three methods, two layers").first).to_be_visible()

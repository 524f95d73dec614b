"""The tour in a browser: moving by key and by button, and the state that each stop links to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def wait_for_stop(page: Page, number: int) -> None:
    """Wait until a stop is drawn."""
    expect(page.locator(".st-key-stage-title")).to_contain_text(f"{number} / 7 · ")
    expect(page).to_have_url(re.compile(f"stop={number}"))


def test_keys_move_between_stops(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo")
    wait_for_stop(page, 1)
    explore.wait_until_done(page)
    explore.leave_stage(page)
    for number, key in enumerate(("ArrowRight", "PageDown", "n"), start=2):
        page.keyboard.press(key)
        wait_for_stop(page, number)
    for number, key in ((3, "ArrowLeft"), (2, "PageUp"), (1, "p")):
        page.keyboard.press(key)
        wait_for_stop(page, number)
    for key in ("PageDown", "PageDown", "PageUp"):  # without waiting for the page
        page.keyboard.press(key)
    wait_for_stop(page, 2)
    page.keyboard.press("PageUp")
    wait_for_stop(page, 1)
    page.keyboard.press("ArrowLeft")  # there is no stop before the first
    page.keyboard.press("ArrowRight")
    wait_for_stop(page, 2)
    page.get_by_role("button", name="Next").click()
    wait_for_stop(page, 3)


def test_keys_move_between_stops_wherever_the_focus_is(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=1")
    wait_for_stop(page, 1)
    explore.leave_stage(page)
    explore.wait_until_done(page)
    explore.original(page).or_(explore.picture(page)).first.focus()  # pans on Explore
    page.keyboard.press("ArrowRight")
    wait_for_stop(page, 2)
    explore.wait_until_done(page)
    page.get_by_role("radio", name="Grad-CAM", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    wait_for_stop(page, 1)
    page.goto(f"{small.url}/demo?stop=4")
    wait_for_stop(page, 4)
    explore.wait_until_done(page, "Hybrid-CAM")
    slider = page.get_by_role("slider", name="Largest area level")
    expect(slider).to_be_visible()
    slider.click()
    page.keyboard.press("ArrowRight")
    wait_for_stop(page, 5)


def test_up_and_down_move_the_stops_own_control(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=4")
    wait_for_stop(page, 4)
    explore.wait_until_done(page, "Hybrid-CAM")
    explore.map_digest(page, "Hybrid-CAM")
    slider = page.get_by_role("slider", name="Largest area level")
    expect(slider).to_be_visible()
    largest = int(slider.get_attribute("max") or 0)
    assert largest > 0
    page.keyboard.press("ArrowDown")  # ends what plays by itself, too
    expect(page.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    expect(slider).to_have_value(str(largest - 1))
    page.keyboard.press("ArrowUp")
    expect(slider).to_have_value(str(largest))


def test_the_notes_follow_the_tour_and_move_it(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=2")
    wait_for_stop(page, 2)
    link = page.get_by_role("link", name="Notes and a clock", include_hidden=True)
    notes = page.context.new_page()
    notes.goto(f"{small.url}/{link.get_attribute('href')}")
    expect(notes.get_by_text("Stop 2 of 7")).to_be_visible()
    expect(notes.get_by_role("heading", name="What the model said")).to_be_visible()
    expect(notes.get_by_text("Next: Three methods, two layers")).to_be_visible()
    notes.get_by_role("button", name="Next").click()
    wait_for_stop(page, 3)
    expect(notes.get_by_text("Stop 3 of 7")).to_be_visible()
    expect(notes.get_by_role("timer")).to_have_text(re.compile(r"^\d+:\d\d$"))
    notes.close()


def test_a_stop_shows_the_same_map_as_the_page_it_links_to(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=4")
    wait_for_stop(page, 4)
    explore.leave_stage(page)
    explore.wait_until_done(page, "Hybrid-CAM, Stage 3 Block 6")
    page.keyboard.press("ArrowUp")  # ends what plays by itself
    expect(page.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    shown = explore.map_digest(page)
    link = page.get_by_role("link", name="The same by hand, on Explore")
    linked = visit(f"{small.url}/{link.get_attribute('href')}")
    explore.wait_until_done(linked, "Hybrid-CAM, Stage 3 Block 6")
    assert explore.map_digest(linked) == shown
    link.click()
    expect(page).to_have_url(re.compile("/explore.*method=hybrid-cam"))
    explore.wait_until_done(page, "Hybrid-CAM, Stage 3 Block 6")
    assert explore.map_digest(page) == shown


def test_returning_to_the_tour_keeps_its_stop(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/demo?stop=3")
    wait_for_stop(page, 3)
    explore.leave_stage(page)
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("heading", name="About this dashboard")).to_be_visible()
    page.get_by_role("link", name="Demo").click()
    wait_for_stop(page, 3)
    expect(page.get_by_text("Three methods, two layers").first).to_be_visible()

"""The stage: the picture and its control, large; and the keys of every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
SIZE = {"width": 1280, "height": 720}


def test_the_picture_takes_most_of_the_stage_and_its_control_is_in_view(
    small: Server, visit: Visit
) -> None:
    page = visit(f"{small.url}/demo?stop=4")
    page.set_viewport_size(SIZE)  # type: ignore[arg-type]
    explore.wait_until_done(page, "Hybrid-CAM")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_text("Phantom cases: synthetic images")).to_be_in_viewport()
    box = explore.picture(page).bounding_box()
    assert box is not None
    assert box["height"] >= 0.7 * SIZE["height"]
    control = page.get_by_role("slider", name="Largest area level")
    expect(control).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Play")).to_be_in_viewport(ratio=1)
    expect(page.get_by_text("The truth (phantom)")).to_be_visible()


@pytest.mark.parametrize("leave", ["f", "Escape"])
def test_a_key_shows_and_leaves_the_stage(small: Server, visit: Visit, leave: str) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.wait_until_done(page)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_be_visible()
    picture = explore.picture(page)
    before = picture.bounding_box()
    page.keyboard.press("f")
    expect(sidebar).to_be_hidden()
    after = picture.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"]
    page.keyboard.press(leave)
    expect(sidebar).to_be_visible()


def test_a_letter_that_is_typed_is_no_key(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.wait_until_done(page)
    search = page.get_by_placeholder("Find: ")
    search.press_sequentially("fff")
    expect(search).to_have_value("fff")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_the_page_scrolls_by_key(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/about")
    expect(page.get_by_role("heading", name="About this dashboard")).to_be_visible()
    main = page.get_by_test_id("stMain").element_handle()
    expect(page.get_by_role("button", name="Stage")).to_be_visible()  # the keys are listened to
    page.wait_for_function("e => e.scrollHeight > e.clientHeight + 400", arg=main)
    assert main.evaluate("e => e.scrollTop") == 0
    page.keyboard.press("PageDown")
    page.wait_for_function("e => e.scrollTop > 300", arg=main)
    page.keyboard.press("Home")
    page.wait_for_function("e => e.scrollTop === 0", arg=main)


def test_a_curve_plays_by_itself_and_stops_at_a_touch(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001")
    explore.auc_texts(page)
    play = page.locator(".scrub").get_by_role("button", name="Play")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    slider = page.get_by_role("slider", name="Patches changed")
    page.wait_for_function("e => Number(e.value) > 3", arg=slider.element_handle())
    slider.press("ArrowRight")
    expect(play).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [390, 900])
def test_the_sidebar_starts_closed_on_narrow_screens(
    small: Server, browser: Browser, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.wait_until_done(page)
    opener = page.get_by_test_id("stExpandSidebarButton")
    expect(opener).to_be_visible()
    picture = explore.picture(page).bounding_box()
    assert picture is not None
    assert picture["x"] + picture["width"] <= width, "nothing is cut off"
    choice = page.get_by_role("radio", name="Hybrid-CAM", exact=True).bounding_box()
    assert choice is not None
    if width < 768:
        assert choice["y"] > picture["y"], "the picture comes first"
    page.close()

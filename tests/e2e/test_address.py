"""The address holds request and viewport, restores both in a new session, and works with back."""

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
_VIEWPORT = """e => {
  const { zoom, viewport, stepper } = e.viewer;
  return [zoom.factor, zoom.x, zoom.y, viewport.window, viewport.level, viewport.outline,
          viewport.opacity, viewport.table.name, stepper.kind, stepper.step];
}"""


def viewport_of(page: Page) -> list[object]:
    """The viewer's viewport and step."""
    values: list[object] = page.locator(".viewer").evaluate(_VIEWPORT)
    return values


def assert_same_viewport(page: Page, other: Page) -> None:
    """Both viewports are equal up to the digits that an address leaves out."""
    for value, expected in zip(viewport_of(page), viewport_of(other), strict=True):
        if isinstance(expected, int | float):
            assert value == pytest.approx(expected, abs=1e-4)
        else:
            assert value == expected


def wait_until_chosen(page: Page, name: str) -> None:
    """Wait until a choice is on; the widget that it replaces may still be drawn."""
    whole = re.compile(rf"\b{re.escape(name)}(,|$)")  # PH-0002 and not PH-0002B
    expect(page.get_by_role("radio", name=whole, checked=True).first).to_be_visible()


def test_the_viewport_is_restored_from_the_address_in_a_new_session(
    small: Server, visit: Visit
) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001")
    explore.wait_until_done(page)
    explore.auc_texts(page)
    picture = explore.picture(page)
    picture.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp", "o", "]"):
        page.keyboard.press(key)
    explore.open_menu(page, "View")
    page.get_by_role("combobox", name="Window").select_option("dense")
    explore.open_menu(page, "Heatmap")
    page.get_by_role("combobox", name="Colours").select_option("Cividis")
    page.get_by_role("combobox", name="Step through a curve").select_option("deletion")
    slider = page.get_by_role("slider", name="Patches changed")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("step=deletion:5"))
    for part in ("zoom=", "at=", "window=150,150", "colours=Cividis", "show=outline"):
        assert part in page.url

    again = visit(page.url)
    explore.wait_until_done(again)
    explore.auc_texts(again)
    expect(again.locator(".viewer .scrub output")).to_contain_text("5 of 576 patches blurred")
    assert_same_viewport(again, page)
    explore.open_menu(again, "View")
    expect(again.get_by_role("combobox", name="Window")).to_have_value("dense")
    # Another layer needs the server; the viewport stays, on the page and in the address.
    explore.choose(again, "Stage 4 Block 2")
    explore.wait_until_done(again, "Grad-CAM, Stage 4 Block 2")
    expect(again).to_have_url(re.compile("layer=stages.3.blocks.1.*zoom=.*step=deletion:5"))
    assert_same_viewport(again, page)


def test_unusable_viewport_parameters_are_listed(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none&zoom=far&window=9&show=all")
    main = page.get_by_test_id("stMain")
    for name in ("zoom", "window", "show"):
        expect(main.get_by_text(f"The address's {name} is")).to_be_visible()
    explore.wait_until_done(page)
    assert viewport_of(page)[:2] == [1, None]
    expect(page).to_have_url(re.compile(r"curves=none$"))
    page.get_by_role("link", name="Your image").click()
    expect(page.get_by_role("heading", name="Your image")).to_be_visible()
    expect(main.get_by_text("The address's")).to_have_count(0)


def test_back_and_forward_restore_earlier_requests(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.wait_until_done(page)
    explore.press_step_key(page, "n")
    wait_until_chosen(page, "PH-0002")
    explore.wait_until_done(page)
    explore.choose(page, "Stage 4 Block 2")
    explore.wait_until_done(page, "Grad-CAM, Stage 4 Block 2")
    expect(page).to_have_url(re.compile("case=PH-0002.*layer=stages.3"))

    page.go_back()
    wait_until_chosen(page, "Stage 3 Block 6")
    wait_until_chosen(page, "PH-0002")
    expect(page).to_have_url(re.compile("case=PH-0002.*layer=stages.2"))
    page.go_back()
    wait_until_chosen(page, "PH-0001")
    explore.wait_until_done(page)
    expect(explore.original(page, "PH-0001")).to_be_visible()
    page.go_forward()
    wait_until_chosen(page, "PH-0002")
    page.go_forward()
    wait_until_chosen(page, "Stage 4 Block 2")
    explore.wait_until_done(page, "Grad-CAM, Stage 4 Block 2")

"""The address: where a hand has looked is in it and found again cold, and back goes back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import explore
from tests.e2e.conftest import Server

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
_LOOK = """e => {
  const { view, viewport, stepper } = e.viewer;
  const all = [view.zoom, view.x, view.y, viewport.window, viewport.level, viewport.outline,
               viewport.opacity, viewport.table.name, stepper.kind, stepper.step];
  return all;
}"""


def look(page: Page) -> list[object]:
    """How the viewer looks at its picture."""
    found: list[object] = page.locator(".viewer").evaluate(_LOOK)
    return found


def same(one: Page, other: Page) -> None:
    """Both look alike, but for the digits an address leaves out."""
    for here, there in zip(look(one), look(other), strict=True):
        if isinstance(there, int | float):
            assert here == pytest.approx(there, abs=1e-4)
        else:
            assert here == there


def chosen(page: Page, name: str) -> None:
    """Wait until a choice is on; the widget it takes the place of may still be there."""
    expect(page.get_by_role("radio", name=name, checked=True).first).to_be_visible()


def test_where_a_hand_has_looked_is_found_again_cold(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001")
    explore.finished(page)
    explore.areas(page)
    picture = explore.picture(page)
    picture.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp", "o", "]"):
        page.keyboard.press(key)
    page.get_by_role("combobox", name="Window").select_option("dense")
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
    explore.finished(again)
    explore.areas(again)
    expect(again.locator(".viewer .scrub output")).to_contain_text("5 of 576 patches blurred")
    same(again, page)
    expect(again.get_by_role("combobox", name="Window")).to_have_value("dense")
    # Another method is asked of the server; the look stays, on the page and in the address.
    explore.choose(again, "Stage 4 Block 2")
    explore.finished(again, "Grad-CAM, Stage 4 Block 2")
    expect(again).to_have_url(re.compile("layer=stages.3.blocks.1.*zoom=.*step=deletion:5"))
    same(again, page)


def test_what_is_wrong_with_a_look_is_said(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none&zoom=far&window=9&show=all")
    main = page.get_by_test_id("stMain")
    for name in ("zoom", "window", "show"):
        expect(main.get_by_text(f"The address's {name} is")).to_be_visible()
    explore.finished(page)
    assert look(page)[:2] == [1, None]
    expect(page).to_have_url(re.compile(r"curves=none$"))


def test_back_and_forward(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.finished(page)
    explore.step(page, "n")
    chosen(page, "PH-0002")
    explore.finished(page)
    explore.choose(page, "Stage 4 Block 2")
    explore.finished(page, "Grad-CAM, Stage 4 Block 2")
    expect(page).to_have_url(re.compile("case=PH-0002.*layer=stages.3"))

    page.go_back()
    chosen(page, "Stage 3 Block 6")
    chosen(page, "PH-0002")
    expect(page).to_have_url(re.compile("case=PH-0002.*layer=stages.2"))
    page.go_back()
    chosen(page, "PH-0001")
    explore.finished(page)
    expect(explore.original(page, "PH-0001")).to_be_visible()
    page.go_forward()
    chosen(page, "PH-0002")
    page.go_forward()
    chosen(page, "Stage 4 Block 2")
    explore.finished(page, "Grad-CAM, Stage 4 Block 2")

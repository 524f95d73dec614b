"""The viewer's input: linked pictures, touch, keyboard focus; and a connection that breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server, dashboard
from tests.e2e.expecting import expect
from xai_core.cases.sources.library import PhantomLibrary

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
SIZES = [{"width": 1440, "height": 900}, {"width": 1920, "height": 1080}]
# The outline is decoded after the picture.
_OUTLINE = """([e, name]) => {
  const picture = e.viewer.pictures[name];
  return picture && picture.outline && Array.from(picture.outline);
}"""
_DIFFERS = "([c, was]) => c.toDataURL() !== was"
# Records whether the buttons of the controls are ever removed from the page.
_WATCH = """() => {
  const app = document.querySelector("[data-testid=stApp]");
  const running = () => { if (app.dataset.testScriptState === "running") app.dataset.ran = "yes"; };
  new MutationObserver(running).observe(app, { attributeFilter: ["data-test-script-state"] });
  window.buttonsRemoved = false;
  const button = ".st-key-controls button";
  const check = () => { window.buttonsRemoved ||= !document.querySelector(button); };
  new MutationObserver(check).observe(document.body, { childList: true, subtree: true });
}"""
_SAME = "([c, was]) => c.toDataURL() === was"


def opened(visit: Visit, server: Server, size: dict[str, int]) -> Page:
    page = visit(f"{server.url}/explore?case=PH-0001&curves=none")
    page.set_viewport_size(size)  # type: ignore[arg-type]
    explore.wait_until_done(page)
    explore.map_digest(page)
    return page


@pytest.mark.parametrize("size", SIZES, ids=["1440x900", "1920x1080"])
def test_low_energy_and_recombined_share_cursor_and_zoom_and_blink(
    size: dict[str, int], small: Server, visit: Visit
) -> None:
    page = opened(visit, small, size)
    page.get_by_role("button", name="Recombined", exact=True).click()
    low, second = explore.picture(page), page.get_by_role("img", name=re.compile("^The recombined"))
    expect(second).to_be_visible()
    box = low.bounding_box()
    assert box is not None
    before = second.evaluate("c => c.toDataURL()")
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function(_DIFFERS, arg=[second.element_handle(), before])  # the linked cursor
    before = second.evaluate("c => c.toDataURL()")
    page.mouse.wheel(0, -300)
    page.wait_for_function(_DIFFERS, arg=[second.element_handle(), before])  # the linked zoom
    low.focus()
    page.mouse.move(2, 2)
    with_heat = explore.pixels(page)
    page.keyboard.down("b")
    page.wait_for_function(_DIFFERS, arg=[low.element_handle(), with_heat])
    assert page.locator(".viewer").evaluate(
        "e => e.viewer.panes.find((p) => p.role === 'heat').picture.name === 'recombined'"
    )
    page.keyboard.up("b")
    page.wait_for_function(_SAME, arg=[low.element_handle(), with_heat])
    # The page fits the window's width, and the picture takes a large part of its height.
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert box["height"] > 0.4 * size["height"]


def test_each_picture_has_the_outline_of_its_own_mask(small: Server, visit: Visit) -> None:
    page = opened(visit, small, SIZES[0])
    case = PhantomLibrary().load("PH-0001")
    for name, mask in (("low", case.lesion_mask), ("recombined", case.recombined_mask)):
        assert mask is not None
        viewer = page.locator(".viewer").element_handle()
        lines = page.wait_for_function(_OUTLINE, arg=[viewer, name]).json_value()
        xs, ys = lines[0::2], lines[1::2]
        rows, columns = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
        assert min(xs) == pytest.approx(columns[0], abs=1)
        assert max(xs) == pytest.approx(columns[-1] + 1, abs=1)
        assert min(ys) == pytest.approx(rows[0], abs=1)
        assert max(ys) == pytest.approx(rows[-1] + 1, abs=1)


def test_two_fingers_zoom_and_one_finger_pans(small: Server, visit: Visit) -> None:
    page = opened(visit, small, SIZES[0])
    box = explore.picture(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": px, "y": py, "id": i} for i, (px, py) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    zoom = "e => e.viewer.zoom.factor"
    touch("touchStart", (x - 20, y), (x + 20, y))
    for k in range(1, 6):
        touch("touchMove", (x - 20 - 8 * k, y), (x + 20 + 8 * k, y))
    touch("touchEnd")
    assert page.locator(".viewer").evaluate(zoom) > 1.5
    before = page.locator(".viewer").evaluate("e => e.viewer.zoom.x")
    touch("touchStart", (x, y))
    for k in range(1, 6):
        touch("touchMove", (x + 10 * k, y))
    touch("touchEnd")
    assert page.locator(".viewer").evaluate("e => e.viewer.zoom.x") < before


def test_the_focused_control_of_the_viewer_has_a_visible_outline(
    small: Server, visit: Visit
) -> None:
    page = opened(visit, small, SIZES[0])
    page.locator(".viewer .menu summary").first.focus()
    seen: set[str] = set()
    for _ in range(20):
        if "View" in seen and "1:1" not in seen:
            page.keyboard.press("Enter")  # opens the menu
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              let e = document.activeElement;
              while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
              if (!e || !e.closest(".viewer")) return null;
              const style = getComputedStyle(e);
              const label = e.closest("label");
              const name = e.getAttribute("aria-label") || (label || e).textContent;
              return [name.trim(), style.outlineStyle, parseFloat(style.outlineWidth)];
            }"""
        )
        if found is None:
            break
        name, outline, width = found
        seen.add(name)
        assert name
        assert outline == "solid", name
        assert width >= 2, name
    assert {"Fit", "View", "1:1", "Invert"} <= seen


def test_a_broken_connection_resumes_with_the_same_state(
    tmp_path: Path, tiny_weights: Path, visit: Visit
) -> None:
    with dashboard(tmp_path, "library", tiny_weights) as server:
        page = visit(f"{server.url}/explore?case=PH-0003&layer=stages.3.blocks.1&curves=none")
        explore.wait_until_done(page)
        explore.picture(page).press("+")
        expect(page).to_have_url(re.compile("zoom=1.25"))
    app = page.get_by_test_id("stApp")
    expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    page.evaluate(_WATCH)
    with dashboard(tmp_path, "library", tiny_weights, int(server.url.rsplit(":", 1)[1])):
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
        # Only after its first run the new server knows the page's elements.
        expect(app).to_have_attribute("data-ran", "yes")
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(page).to_have_url(re.compile("case=PH-0003&.*layer=stages.3.blocks.1.*zoom=1.25"))
        explore.press_step_key(page, "n")
        expect(explore.tile(page, "PH-0004")).to_be_checked()
        explore.wait_until_done(page)
        layer = page.get_by_role("radio", name="Stage 4 Block 2", checked=True)
        expect(layer.first).to_be_visible()
        assert not page.evaluate("buttonsRemoved")  # the page in use was not rebuilt

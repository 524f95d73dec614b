"""The viewer's tools, keys and mouse, and that its maps agree with Python's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from tests.conftest import TINY_LAYERS
from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from tests.e2e.level_cases import same_area
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import CaseRequest
from xai_core.model.classifier import Classifier
from xai_core.types import PAPER_LEVELS, MapState
from xai_core.ui.address import write_address

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def act_and_wait(page: Page, act: Callable[[], object]) -> None:
    """Call ``act`` and wait until the picture has changed."""
    before = explore.pixels(page)
    act()
    handle = explore.picture(page).element_handle()
    page.wait_for_function("([c, was]) => c.toDataURL() !== was", arg=[handle, before])


def opened(visit: Visit, server: Server, case: str = "PH-0001") -> tuple[Page, Locator]:
    page = visit(f"{server.url}/explore?case={case}&curves=none")
    explore.wait_until_done(page)
    explore.map_digest(page)
    return page, explore.picture(page)


def test_breast_only_hides_the_heat_outside_and_is_kept_in_the_address(
    small: Server, visit: Visit
) -> None:
    page, picture = opened(visit, small)
    explore.open_menu(page, "Heatmap")
    inside = page.get_by_role("button", name="Breast only")
    expect(inside).to_have_attribute("aria-pressed", "false")
    act_and_wait(page, inside.click)
    expect(inside).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("show=inside"))
    picture.focus()
    act_and_wait(page, lambda: page.keyboard.press("x"))
    expect(inside).to_have_attribute("aria-pressed", "false")


def test_outline_opacity_and_kind_of_heatmap(small: Server, visit: Visit) -> None:
    page, _ = opened(visit, small)
    outline = page.get_by_role("button", name="Outline", exact=True)
    act_and_wait(page, outline.click)
    expect(outline).to_have_attribute("aria-pressed", "true")
    explore.open_menu(page, "Heatmap")
    opacity = page.get_by_role("slider", name="Heatmap opacity")
    act_and_wait(page, lambda: opacity.press("ArrowRight"))
    expect(opacity).to_have_value("0.6")
    kind = page.get_by_role("combobox", name="Heatmap", exact=True)
    for value in ("contours", "signed", "off"):
        act_and_wait(page, lambda value=value: kind.select_option(value))
    expect(page.locator(".viewer .bar")).to_be_hidden()


def test_every_key_changes_the_picture(small: Server, visit: Visit) -> None:
    page, picture = opened(visit, small)
    picture.focus()
    for key in ("+", "ArrowLeft", "ArrowUp", "i", "o", "[", "h", "1", "0"):
        act_and_wait(page, lambda key=key: page.keyboard.press(key))
    page.keyboard.press("h")
    page.keyboard.press("h")
    page.keyboard.press("h")
    with_heat = explore.pixels(page)
    page.keyboard.down("b")
    page.wait_for_function(
        "([c, was]) => c.toDataURL() !== was", arg=[picture.element_handle(), with_heat]
    )
    page.keyboard.up("b")
    page.wait_for_function(
        "([c, was]) => c.toDataURL() === was", arg=[picture.element_handle(), with_heat]
    )
    expect(picture).to_be_focused()


def test_wheel_drag_and_double_click(small: Server, visit: Visit) -> None:
    page, picture = opened(visit, small)
    fitted = explore.pixels(page)
    box = picture.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5
    page.mouse.move(x, y)
    readout = page.locator(".viewer .readout")
    expect(readout).to_contain_text(re.compile(r"column \d+, row \d+ · grey \d+ · heat [01]\.\d\d"))
    text_before = readout.inner_text()
    act_and_wait(page, lambda: page.mouse.wheel(0, -400))
    page.mouse.move(x + 0.2, y)
    after = [int(n) for n in re.findall(r"\d+", readout.inner_text())[:2]]
    before = [int(n) for n in re.findall(r"\d+", text_before)[:2]]
    assert np.abs(np.subtract(after, before)).max() <= 1  # zoomed about the pointer

    def drag(*keys: str) -> None:
        for key in keys:
            page.keyboard.down(key)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 25, steps=4)
        page.mouse.up()
        for key in keys:
            page.keyboard.up(key)

    act_and_wait(page, drag)
    act_and_wait(page, lambda: drag("Shift"))
    explore.open_menu(page, "View")
    window = page.get_by_role("combobox", name="Window")
    expect(window).to_have_value("own")
    act_and_wait(page, lambda: window.select_option("stored"))
    page.mouse.dblclick(x, y)
    page.mouse.move(5, 5)
    page.wait_for_function(
        "([c, was]) => c.toDataURL() === was", arg=[picture.element_handle(), fitted]
    )


def test_the_readout_shows_the_cases_pixel_under_the_pointer(small: Server, visit: Visit) -> None:
    page, picture = opened(visit, small, "PH-0003")
    image = np.rint(PhantomLibrary().load("PH-0003").image * 255).astype(int)
    box = picture.bounding_box()
    assert box is not None
    for fx, fy in ((0.3, 0.4), (0.5, 0.55), (0.2, 0.7)):
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + fy * box["height"])
        readout = page.locator(".viewer .readout")
        expect(readout).to_contain_text("grey")
        column, row, grey = (int(n) for n in re.findall(r"\d+", readout.inner_text())[:3])
        assert image[row, column] == grey


def test_zoom_and_window_stay_when_the_layer_changes(small: Server, visit: Visit) -> None:
    page, picture = opened(visit, small)
    picture.focus()
    for _ in range(3):
        act_and_wait(page, lambda: page.keyboard.press("+"))
    explore.open_menu(page, "View")
    act_and_wait(page, lambda: page.get_by_role("combobox", name="Window").select_option("bright"))
    plain = explore.original(page)
    zoomed = plain.evaluate("canvas => canvas.toDataURL()")
    explore.choose(page, "Stage 4 Block 2")
    explore.map_digest(page, "Grad-CAM, Stage 4 Block 2")
    assert plain.evaluate("canvas => canvas.toDataURL()") == zoomed
    explore.open_menu(page, "View")
    expect(page.get_by_role("combobox", name="Window")).to_have_value("bright")


@pytest.mark.parametrize("method", ["grad-cam", "hybrid-cam"])
def test_the_map_in_the_browser_equals_pythons(
    method: str, small: Server, visit: Visit, tiny_weights: Path
) -> None:
    explainer, library = Explainer(Classifier.open(tiny_weights, "cpu", 8)), PhantomLibrary()
    for record in library.records():
        shown = CaseRequest(record.id).change(method=method, layer=TINY_LAYERS[1], curves="none")
        explanation = explainer.explain(library.load(record.id), shown.request)
        expected = explanation.heatmap
        if expected is not None and expected.state is MapState.OK:
            break
    assert expected is not None
    page = visit(f"{small.url}/explore?{urlencode(write_address(shown))}")
    explore.wait_until_done(page)
    explore.map_digest(page)
    heat = page.locator(".viewer").evaluate(
        "e => ({values: Array.from(e.viewer.heat.values), scale: e.viewer.heat.scale})"
    )
    values = np.array(heat["values"], np.float32).reshape(expected.values.shape)
    # The two processes may use different batches, so the levels' gains differ in the last digits.
    np.testing.assert_allclose(values, expected.values, atol=1e-4)
    assert heat["scale"] == pytest.approx(expected.scale, rel=1e-3)


def test_the_map_follows_a_dragged_range_of_levels_before_python_answers(
    small: Server, visit: Visit, tiny_weights: Path
) -> None:
    explainer, library = Explainer(Classifier.open(tiny_weights, "cpu", 8)), PhantomLibrary()
    for record in library.records():
        shown = CaseRequest(record.id).change(
            method="hybrid-cam", layer=TINY_LAYERS[1], curves="none"
        )
        found = explainer.explain(library.load(record.id), shown.request)
        levels, apart = found.levels, len(same_area(found)) == 10
        if apart and min(sum(x.delta for x in levels[:6]), levels[9].delta) > 0:
            break
    page = visit(f"{small.url}/explore?{urlencode(write_address(shown))}")
    explore.wait_until_done(page)
    explore.map_digest(page)
    end = page.get_by_role("slider", name="Largest area level")
    # Dragging the slider without releasing it: the browser sends nothing.
    act_and_wait(page, lambda: end.evaluate("e => { e.value = 5; e.oninput(); }"))
    expect(page.locator(".viewer .bars button[aria-pressed=false]")).to_have_count(4)
    assert "levels=" not in page.url
    values = page.locator(".viewer").evaluate("e => Array.from(e.viewer.heat.values)")
    six_levels = shown.request.with_options(levels=PAPER_LEVELS[:6])
    expected = explainer.explain(library.load(shown.case_id), six_levels).heatmap
    assert expected is not None
    np.testing.assert_allclose(
        np.reshape(values, expected.values.shape), expected.values, atol=1e-4
    )

    end.evaluate("e => e.onchange()")  # release
    expect(page).to_have_url(re.compile("levels=1(%2C|,)2(%2C|,)3(%2C|,)5(%2C|,)10(%2C|,)20"))
    expect(explore.level(page, "90")).to_have_attribute("aria-pressed", "false")
    explore.map_digest(page, "Hybrid-CAM")  # Python's answer is drawn

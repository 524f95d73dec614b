"""Stepping along a curve: the viewer shows the image that was scored at that point."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from xai_core.model.classifier import Classifier

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]

_FRAME = """(e, k) => {
  const { stepper, stepLayer } = e.viewer;
  stepper.moveTo(k);
  const canvas = stepLayer.frame();
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}"""


@pytest.mark.parametrize("kind", ["insertion", "deletion"])
def test_scoring_the_shown_image_gives_the_plotted_probability(
    kind: str, small: Server, visit: Visit, tiny_weights: Path
) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001&ties=by-index")
    explore.wait_until_done(page)
    explore.auc_texts(page)
    page.get_by_role("combobox", name="Step through a curve").select_option(kind)
    viewer = page.locator(".viewer")
    curve = viewer.evaluate(
        "(e, kind) => ({...e.viewer.stepper.data[kind], size: e.viewer.stepper.data.size,"
        " name: e.viewer.stepper.data.score})",
        kind,
    )
    target = 1 if "malignant" in curve["name"] else 0
    classifier = Classifier.open(tiny_weights, "cpu", 8)
    points = np.linspace(0, len(curve["counts"]) - 1, 5).astype(int)
    frames = [viewer.evaluate(_FRAME, curve["counts"][i]) for i in points]
    grey = np.array(frames, np.float32).reshape(-1, curve["size"], curve["size"]) / 255
    logits = classifier.score(classifier.normalise(grey)).double()
    p = logits.softmax(1)[:, target].numpy()
    # The shown image has 256 grey levels, the scored one is not rounded.
    np.testing.assert_allclose(p, [curve["p"][i] for i in points], atol=5e-3)


def test_stepping_by_key_and_by_dragging_along_the_curve(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0001")
    explore.wait_until_done(page)
    explore.auc_texts(page)
    page.get_by_role("combobox", name="Step through a curve").select_option("deletion")
    before = explore.pixels(page)
    slider = page.get_by_role("slider", name="Patches changed")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    caption = page.locator(".viewer .scrub output")
    expect(caption).to_contain_text(
        re.compile(r"^3 of 576 patches blurred \(0\.5 %\) · P\(\w+\) 0\.")
    )
    expect(caption).to_contain_text("last: patch row")
    assert explore.pixels(page) != before
    plot = page.get_by_role("img", name="Insertion (solid) and deletion (dashed) curve")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 10, steps=5)
    page.mouse.up()
    expect(caption).to_contain_text(re.compile(r"^4[23]\d of 576 patches"))
    page.get_by_role("combobox", name="Step through a curve").select_option("off")
    expect(slider).to_be_disabled()

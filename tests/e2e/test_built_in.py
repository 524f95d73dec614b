"""The dashboard with the built-in weights: slow results are shown while they grow."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def test_the_first_case_gets_a_verdict_a_map_and_growing_curves(
    built_in: Server, visit: Visit
) -> None:
    page = visit(built_in.url)
    expect(page.get_by_text(re.compile(r"benign logit .*malignant logit"))).to_be_visible()
    expect(page.locator(".viewer .bar")).to_contain_text("class score")
    legend = page.locator(".st-key-curve-figure .legendtext")
    expect(legend.first).to_contain_text(re.compile(r"Insertion\s+AUC 0\."))


def test_score_cam_streams_and_can_be_stopped_and_continued(built_in: Server, visit: Visit) -> None:
    page = visit(f"{built_in.url}/?case=PH-0015&method=score-cam&curves=none")
    line = explore.progress(page)
    expect(line).to_contain_text(re.compile(r"Drawing the map: [1-9]\d* of 384 images scored"))
    bar = page.locator(".viewer .bar")
    expect(bar).to_contain_text("class score")  # the first channels may give no positive evidence
    page.get_by_role("button", name="Stop").click()
    expect(line).to_contain_text("Stopped")
    expect(bar).to_contain_text("class score")  # the map so far stays
    before = int(re.findall(r"(\d+) of 384", line.inner_text())[0])
    page.get_by_role("button", name="Continue").click()
    stop = page.get_by_role("button", name="Stop")
    with contextlib.suppress(AssertionError):
        expect(stop).to_be_visible(timeout=20_000)
    if not stop.is_visible():  # the button was redrawn during the click: click again
        page.get_by_role("button", name="Continue").click()
        expect(stop).to_be_visible()
    expect(line).to_contain_text(re.compile(r"Drawing the map: \d+ of 384"))
    after = int(re.findall(r"(\d+) of 384", line.inner_text())[0])
    assert after >= before
    page.get_by_role("button", name="Stop").click()
    expect(line).to_contain_text("Stopped")

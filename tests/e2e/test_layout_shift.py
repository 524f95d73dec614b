"""Nothing on the page moves while results arrive: the browser's own measure of layout shifts."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
MOST = 0.02  # https://web.dev/articles/cls counts up to 0.1 as good
_RECORD = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const name = (node) => node && (node.className || node.nodeName);
    const at = (box) => [box.x, box.y, box.width, box.height].map(Math.round).join(" ");
    const moved = entry.sources.map((s) => [name(s.node), at(s.previousRect), at(s.currentRect)]);
    window.shifts.push({ value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


def test_a_case_that_is_computed_anew_moves_nothing(small: Server, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(_RECORD)
    page.goto(f"{small.url}/explore?layer=stages.3.blocks.1")
    explore.wait_until_done(page)
    explore.auc_texts(page)
    shown = explore.picture(page).get_attribute("aria-label") or ""
    page.evaluate("() => { window.shifts = []; }")
    explore.press_step_key(page, "n")
    expect(page.get_by_role("img", name=shown, exact=True)).to_have_count(0)
    explore.wait_until_done(page)
    explore.auc_texts(page)
    shifts = page.evaluate("() => window.shifts")
    page.close()
    assert sum(shift["value"] for shift in shifts) <= MOST, json.dumps(shifts, indent=1)

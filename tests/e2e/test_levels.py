"""Area levels in the viewer: switches, areas of any size, a case where no level counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.conftest import TINY_LAYERS
from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Explanation
from xai_core.explain.request import CaseRequest
from xai_core.model.classifier import Classifier
from xai_core.types import MapState
from xai_core.ui.address import write_address

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
Explain = Callable[[CaseRequest], Explanation]


@pytest.fixture(scope="module")
def explain(tiny_weights: Path) -> Explain:
    explainer, library = Explainer(Classifier.open(tiny_weights, "cpu", 8)), PhantomLibrary()
    return lambda request: explainer.explain(library.load(request.case_id), request.request)


@pytest.fixture(scope="module")
def explanation(explain: Explain) -> Explanation:
    """Of a case for which some levels raise the score and some do not."""
    for record in PhantomLibrary().records():
        candidate = explain(
            CaseRequest(record.id).change(method="hybrid-cam", layer=TINY_LAYERS[1], curves="none")
        )
        gains = [level.delta for level in candidate.levels]
        if gains and max(gains) > 0.01 and min(gains) == 0:
            return candidate
    pytest.fail("no case of the library has both")


def case_request(explanation: Explanation) -> CaseRequest:
    return CaseRequest(explanation.case_id, explanation.request)


def opened(visit: Visit, server: Server, shown: CaseRequest) -> Page:
    page = visit(f"{server.url}/explore?{urlencode(write_address(shown))}")
    expect(explore.progress(page)).to_contain_text("Done in")
    expect(page.locator(".viewer .bars button")).not_to_have_count(0)
    return page


def test_each_switch_shows_its_levels_gain_and_kept_area(
    small: Server, visit: Visit, explanation: Explanation
) -> None:
    page = opened(visit, small, case_request(explanation))
    for level in explanation.levels:
        switch = explore.level(page, f"{level.percent:g}")
        share = 100 * level.realised
        kept = f"{share:.1f}" if share < 9.95 else f"{share:.0f}"
        expect(switch).to_contain_text(f"kept {kept} %")
        gain = re.search(r"(-?\d+\.\d\d)", switch.inner_text().replace(f"{level.percent:g} %", ""))
        assert gain is not None
        assert float(gain[1]) == pytest.approx(level.delta, abs=6e-3)


def test_an_area_of_any_size_shows_its_mask_and_becomes_a_level(
    small: Server, visit: Visit, explanation: Explanation, explain: Explain
) -> None:
    page = opened(visit, small, case_request(explanation))
    picture = page.get_by_role("img", name=re.compile("with the heatmap over it"))
    before = picture.evaluate("c => c.toDataURL()")
    slider = page.get_by_role("slider", name="Area p")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("PageDown")
    percent = page.locator(".viewer").evaluate("e => e.viewer.levels.percent")
    assert percent < 20
    page.wait_for_function(
        "([c, was]) => c.toDataURL() !== was", arg=[picture.element_handle(), before]
    )
    expected = explain(case_request(explanation).change(levels=(percent,)))
    share = 100 * expected.levels[0].realised
    words = f"{percent:g} %, keeps {share:.1f} %" if share < 9.95 else f"keeps {share:.0f} %"
    expect(page.locator(".viewer .levels .row output").filter(has_text="keeps")).to_contain_text(
        words
    )
    page.get_by_role("button", name="Add", exact=True).first.click()
    expect(page).to_have_url(re.compile(f"levels=.*{re.escape(f'{percent:g}')}"))
    expect(explore.level(page, f"{percent:g}")).to_have_attribute("aria-pressed", "true")
    expect(explore.level(page, f"{percent:g}")).not_to_contain_text("?")  # Python has scored it


def test_if_no_level_raises_the_score_another_can_be_switched_on(
    small: Server, visit: Visit, explanation: Explanation
) -> None:
    useless = next(level.percent for level in explanation.levels if level.delta == 0)
    useful = max(explanation.levels, key=lambda level: level.delta).percent
    page = opened(visit, small, case_request(explanation).change(levels=(useless,)))
    expect(page.get_by_text(re.compile("No level raises the score"))).to_be_visible()
    only = explore.level(page, f"{useless:g}")
    only.click()
    expect(page.locator(".viewer .levels .message")).to_have_text("At least one level stays on.")
    expect(only).to_have_attribute("aria-pressed", "true")
    explore.level(page, f"{useful:g}").click()
    expect(page.get_by_text(re.compile("No level raises the score"))).to_have_count(0)
    explore.map_digest(page, "Hybrid-CAM")
    assert explanation.heatmap is not None
    assert explanation.heatmap.state is MapState.OK

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
from tests.e2e.level_cases import first_case, same_area
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
    """Of a case for which some levels raise the score and some do not, one of them with an area of
    its own and so a switch of its own."""
    for record in PhantomLibrary().records():
        candidate = explain(
            CaseRequest(record.id).change(method="hybrid-cam", layer=TINY_LAYERS[1], curves="none")
        )
        gains = [level.delta for level in candidate.levels]
        if gains and max(gains) > 0.01 and useless_level(candidate) is not None:
            return candidate
    pytest.fail("no case of the library has both")


def useless_level(explanation: Explanation) -> float | None:
    """A level that does not raise the score and keeps another area than every other one."""
    alone = {group[0] for group in same_area(explanation) if len(group) == 1}
    useless = (x.percent for x in explanation.levels if x.delta == 0 and x.percent in alone)
    return next(useless, None)


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
        gain = float(switch.locator("span").inner_text())
        assert gain == pytest.approx(level.delta, abs=6e-3)


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
    useless = useless_level(explanation)
    assert useless is not None
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


def test_levels_that_keep_the_same_area_share_one_switch(
    small: Server, visit: Visit, tiny_weights: Path, explain: Explain
) -> None:
    """Where most of the map is 0, the larger levels all keep the whole picture."""
    shown = first_case(tiny_weights, merged=True, layer=TINY_LAYERS[0])
    groups = same_area(explain(shown))
    group = next(levels for levels in groups if len(levels) > 1)
    page = opened(visit, small, shown)
    bars = page.get_by_role("group", name=re.compile("^Area levels: ")).get_by_role("button")
    expect(bars).to_have_count(len(groups))
    name = re.compile(rf"^{group[0]:g} to {group[-1]:g} %: same area ")
    merged = page.get_by_role("button", name=name)
    expect(merged).to_have_attribute("aria-pressed", "true")
    end = page.get_by_role("slider", name="Largest area level")
    expect(end).to_have_attribute("max", str(len(groups) - 1))

    merged.focus()
    page.keyboard.press("Space")
    expect(merged).to_have_attribute("aria-pressed", "false")
    expect(merged).to_be_focused()
    others = [f"{level.percent:g}" for level in explain(shown).levels if level.percent not in group]
    expect(page).to_have_url(
        re.compile("levels=" + "(%2C|,)".join(map(re.escape, others)) + "(&|$)")
    )
    merged.press("Space")
    expect(merged).to_have_attribute("aria-pressed", "true")
    expect(page).not_to_have_url(re.compile("levels="))

    # An address may switch only some of them on; the switch then makes it all.
    part = visit(
        f"{small.url}/explore?{urlencode(write_address(shown.change(levels=(group[0],))))}"
    )
    merged = part.get_by_role("button", name=name)
    expect(merged).to_have_attribute("aria-pressed", "mixed")
    merged.click()
    expect(merged).to_have_attribute("aria-pressed", "true")

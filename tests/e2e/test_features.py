"""The Features page in a browser: a cue is changed, the answer guessed, a sweep opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page

from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.types import Pathology

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
MARGIN = "mass margin"


def mass_with_margin() -> tuple[str, str]:
    """A case with one kind of mass margin, and that margin."""
    for record in PhantomLibrary().records():
        if record.pathology is Pathology.MALIGNANT and MARGIN in record.descriptors:
            return record.id, record.descriptors[MARGIN]
    raise AssertionError("the library has no malignant mass")


def another(margin: str) -> str:
    return "circumscribed" if margin != "circumscribed" else "indistinct"


def answer(page: Page) -> Locator:
    return page.locator(".st-key-answer")


def changed_pane(page: Page) -> Locator:
    return page.get_by_role("img", name=re.compile(r"^The difference between "))


def test_a_margin_is_changed_guessed_and_answered(small: Server, visit: Visit) -> None:
    case_id, margin = mass_with_margin()
    page = visit(f"{small.url}/features?case={case_id}")
    expect(answer(page).get_by_role("table")).to_be_visible()
    box = page.get_by_role("combobox", name="Mass margin")
    expect(box).to_have_value(f"{margin} (as it is)")
    box.click()
    page.get_by_role("option", name=another(margin), exact=True).click()
    expect(page).to_have_url(re.compile("change="))
    # The answer waits for the guess.
    expect(answer(page)).to_contain_text("Before you see it")
    expect(answer(page).get_by_role("table")).to_have_count(0)
    answer(page).get_by_role("button", name="about the same").click()
    expect(answer(page)).to_contain_text(re.compile("The model's suspicion .*You guessed"))
    expect(answer(page).get_by_role("table")).to_be_visible()
    expect(changed_pane(page)).to_be_visible()
    page.get_by_role("button", name="Back to the phantom as it is").click()
    expect(page).not_to_have_url(re.compile("change="))
    expect(box).to_have_value(f"{margin} (as it is)")


def test_an_address_restores_the_change(small: Server, visit: Visit) -> None:
    case_id, margin = mass_with_margin()
    change = quote(f"{MARGIN}:{another(margin)},diameter:30")
    page = visit(f"{small.url}/features?case={case_id}&change={change}")
    expect(page.get_by_role("combobox", name="Mass margin")).to_have_value(another(margin))
    expect(page.get_by_role("slider", name="Diameter, mm")).to_have_value("30")
    expect(answer(page)).to_contain_text("Before you see it")


def test_a_change_that_the_lesion_cannot_have_is_told(small: Server, visit: Visit) -> None:
    case_id, _ = mass_with_margin()
    page = visit(f"{small.url}/features?case={case_id}&change={quote(MARGIN + ':fuzzy')}")
    expect(page.get_by_text(re.compile("The mass margin is 'fuzzy'; allowed are"))).to_be_visible()
    expect(answer(page).get_by_role("table")).to_be_visible()


def test_a_step_of_a_sweep_opens(small: Server, visit: Visit) -> None:
    case_id, margin = mass_with_margin()
    page = visit(f"{small.url}/features?case={case_id}")
    page.get_by_role("radio", name=MARGIN, exact=True).click()
    step = page.get_by_role("button", name=another(margin), exact=True)
    expect(step).to_be_enabled()
    figure = page.get_by_role("figure", name=re.compile("Probability of malignancy along the cue"))
    expect(figure).to_be_visible()
    step.click()
    expect(page.get_by_role("combobox", name="Mass margin")).to_have_value(another(margin))
    expect(answer(page)).to_contain_text("The model's suspicion")


def test_a_normal_breast_has_no_cue(small: Server, visit: Visit) -> None:
    normal = next(r.id for r in PhantomLibrary().records() if r.pathology is Pathology.NORMAL)
    page = visit(f"{small.url}/features?case={normal}")
    expect(page.get_by_text(re.compile("This phantom has no lesion"))).to_be_visible()


def test_the_channels_of_a_block_are_ranked_and_switched_off(small: Server, visit: Visit) -> None:
    case_id, _ = mass_with_margin()
    page = visit(f"{small.url}/features?case={case_id}&tab=channels")
    expect(page.get_by_text(re.compile(r"^Channel \d+: [+-]\d\.\d+$")).first).to_be_visible()
    expect(
        page.get_by_role("figure", name=re.compile("while channels are switched off"))
    ).to_be_visible()
    expect(page.get_by_role("cell", name="inside the marked lesion alone")).to_be_visible()
    expect(page.locator(".st-key-progress")).to_contain_text("channels switched off")
    # The layer stays in the address, and a lesion's cues are one press away.
    page.get_by_role("radio", name=re.compile("^Stage 4")).click()
    expect(page).to_have_url(re.compile("layer=stages.3"))
    page.get_by_role("radio", name="Cues of the lesion").click()
    expect(answer(page).get_by_role("table")).to_be_visible()
    expect(page).not_to_have_url(re.compile("tab="))


def test_the_parts_of_the_architecture_are_disabled(small: Server, visit: Visit) -> None:
    case_id, _ = mass_with_margin()
    page = visit(f"{small.url}/features?case={case_id}&tab=parts")
    expect(page.get_by_role("figure", name=re.compile(r"for \d+ disabled parts"))).to_be_visible()
    expect(
        page.get_by_role("cell", name=re.compile("^Stage \\d Block \\d: ")).first
    ).to_be_visible()

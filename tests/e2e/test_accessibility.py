"""axe-core finds no serious or critical problem on any page in its main states.

The script comes with the package ``axe-playwright-python``; no network is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.cases.builders import dicom_bytes, mammogram
from tests.e2e import explore
from tests.e2e.conftest import ROOT, Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
GRAVE = ("serious", "critical")


def about(page: Page) -> None:
    expect(page.get_by_role("heading", name="About this dashboard")).to_be_visible()


def empty_list(page: Page) -> None:
    expect(page.get_by_role("button", name="Clear search and filters")).to_be_visible()
    page.get_by_text(re.compile("More filters")).click()
    expect(page.get_by_role("group", name="Truth")).to_be_visible()


def panels(page: Page) -> None:
    expect(explore.progress(page)).to_contain_text(re.compile(r"All \d panels ready"))


def invitation(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your image")).to_be_visible()


def own_image(page: Page) -> None:
    file = {"name": "a.dcm", "mimeType": "application/dicom", "buffer": dicom_bytes(mammogram())}
    page.locator("input[type=file]").first.set_input_files(files=[file])  # type: ignore[list-item]
    explore.wait_until_done(page)
    expect(page.get_by_text("Unlike the training phantoms").first).to_be_visible()


def stop(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"^\d / 7 · "))).to_be_visible()
    explore.wait_until_done(page)


def stop_of_compare(page: Page) -> None:
    explore.leave_stage(page)
    expect(page.get_by_text(re.compile(r"Stop \d of 7"))).to_be_visible()
    panels(page)


def counterfactual(page: Page) -> None:
    expect(page.locator(".st-key-answer")).to_contain_text("Before you see it")
    expect(page.get_by_role("img", name=re.compile("^The difference between"))).to_be_visible()


def notes(page: Page) -> None:
    expect(page.get_by_text("Waiting for the tour's window")).to_be_visible()


def channels(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"^Channel \d+: ")).first).to_be_visible()
    expect(page.get_by_role("figure", name=re.compile("switched off"))).to_be_visible()


def parts(page: Page) -> None:
    expect(page.get_by_role("figure", name=re.compile(r"disabled parts"))).to_be_visible()


STATES: dict[str, Callable[[Page], None]] = {
    "explore?case=PH-0001&method=hybrid-cam": explore.wait_until_done,
    "explore?case=PH-0004&layer=stages.3.blocks.1&curves=none": explore.wait_until_done,
    "explore?curves=none&find=nothing+matches&outcome=FN,TP": empty_list,
    "compare?case=PH-0001": panels,
    "compare?view=figure3&tp=PH-0001&tn=PH-0004": panels,
    "features?case=PH-0001&change=number:0": counterfactual,
    "features?case=PH-0001&tab=channels": channels,
    "features?case=PH-0001&tab=parts": parts,
    "about": about,
    "your_image": invitation,
    "your_image?curves=none": own_image,
    "demo": stop,
    "demo?stop=3": stop_of_compare,
    "demo?notes=1": notes,
}


def test_the_states_cover_every_page() -> None:
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert pages == {address.partition("?")[0] for address in STATES}


@pytest.mark.parametrize("address", STATES)
def test_axe_finds_no_serious_problem(small: Server, visit: Visit, address: str) -> None:
    page = visit(f"{small.url}/{address}")
    STATES[address](page)
    found = Axe().run(page).response["violations"]
    grave = [
        f"{rule['id']} ({rule['impact']}): {rule['help']}; {node['html'][:300]} at {node['target']}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
    assert not grave, "\n".join(grave)

"""Moving between pages, and the page of a dashboard that cannot start."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server, dashboard
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def test_an_address_opens_its_case_in_a_new_session(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0004&layer=stages.3.blocks.1&curves=none")
    expect(explore.tile(page, "PH-0004")).to_be_checked()
    expect(page.get_by_role("radio", name="Stage 4 Block 2")).to_be_checked()
    explore.wait_until_done(page)


def test_returning_to_explore_keeps_the_case(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?case=PH-0006&method=hybrid-cam&curves=none")
    explore.wait_until_done(page)
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("heading", name="About this dashboard")).to_be_visible()
    page.get_by_role("link", name="Explore").click()
    expect(explore.tile(page, "PH-0006")).to_be_checked()
    expect(page).to_have_url(re.compile("case=PH-0006&method=hybrid-cam"))


def test_the_sidebar_can_be_closed_and_opened(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0004&curves=none")
    explore.wait_until_done(page)
    # A click on what lies over the button would open nothing here.
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    opener = page.get_by_test_id("stExpandSidebarButton")
    expect(opener).to_be_visible()
    opener.click()
    expect(opener).to_have_count(0)
    expect(page.get_by_role("link", name="About")).to_be_visible()


def test_missing_weights_are_reported_in_one_sentence(
    tmp_path: Path, visit: Visit, tiny_weights: Path
) -> None:
    with dashboard(tmp_path, "library", tmp_path / "none.safetensors") as server:
        page = visit(server.url)
        expect(page.get_by_text("The weights file none.safetensors does not exist")).to_be_visible()
        expect(page.get_by_text(explore.NOTICE).last).to_be_visible()
        assert not server.complaints()


@pytest.mark.sample
def test_a_real_case_shows_its_map(sample: Server, visit: Visit) -> None:
    page = visit(f"{sample.url}/?curves=none")
    explore.wait_until_done(page)
    assert explore.map_digest(page)
    expect(page.get_by_text("Phantom cases")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"BI-RADS \d")).first).to_be_visible()

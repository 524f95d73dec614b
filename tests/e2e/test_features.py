"""The Features page in a browser: channels are switched off, parts of the network disabled."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from xai_core.cases.sources.library import PhantomLibrary

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def marked_case() -> str:
    """A case with a marked lesion."""
    library = PhantomLibrary()
    return next(r.id for r in library.records() if library.load(r.id).lesion_mask is not None)


def test_the_channels_of_a_block_are_ranked_and_switched_off(small: Server, visit: Visit) -> None:
    case_id = marked_case()
    page = visit(f"{small.url}/features?case={case_id}")
    expect(page.get_by_text(re.compile(r"^Channel \d+: [+-]\d\.\d+$")).first).to_be_visible()
    expect(
        page.get_by_role("figure", name=re.compile("while channels are switched off"))
    ).to_be_visible()
    expect(page.get_by_role("cell", name="inside the marked lesion alone")).to_be_visible()
    expect(page.locator(".st-key-progress")).to_contain_text("channels switched off")
    # The layer stays in the address, and the other tab is one press away.
    page.get_by_role("radio", name=re.compile("^Stage 4")).click()
    expect(page).to_have_url(re.compile("layer=stages.3"))
    page.get_by_role("radio", name="Parts of the architecture").click()
    expect(page).to_have_url(re.compile("tab=parts"))
    expect(page.get_by_role("figure", name=re.compile("disabled parts"))).to_be_visible()


def test_the_parts_of_the_architecture_are_disabled(small: Server, visit: Visit) -> None:
    case_id = marked_case()
    page = visit(f"{small.url}/features?case={case_id}&tab=parts")
    expect(page.get_by_role("figure", name=re.compile(r"for \d+ disabled parts"))).to_be_visible()
    expect(
        page.get_by_role("cell", name=re.compile("^Stage \\d Block \\d: ")).first
    ).to_be_visible()


def test_an_unknown_tab_is_told(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/features?tab=everything")
    expect(page.get_by_text(re.compile("only channels, parts exist"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Channel \d+: ")).first).to_be_visible()

"""Every page opens by its own address in a new session, as the first page and after others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import dashboard
from tests.e2e.expecting import expect
from xai_core.ui import pages

pytestmark = pytest.mark.e2e
PAGES = [Path(entry.file).stem for entry in pages.PAGES]
SIGNS = {
    "explore": "The model says",
    "compare": "What to compare",
    "features": "Cues of the lesion",
    "about": "About this dashboard",
    "your_image": "What is kept",
    "demo": "Keys: right and left arrow, Page Down and Page Up (a remote), or N and P.",
}


def test_every_page_opens_in_a_new_session(
    tmp_path: Path, tiny_weights: Path, visit: Callable[[str], Page]
) -> None:
    with dashboard(tmp_path, "library", tiny_weights) as server:
        for name in (*PAGES, "", PAGES[0]):
            page = visit(f"{server.url}/{name}")
            if name == "demo":
                explore.leave_stage(page)
            expect(page.get_by_text(SIGNS[name or "explore"], exact=True).first).to_be_visible()
            expect(page.get_by_text(explore.NOTICE).last).to_be_visible()
            synthetic = (
                "Model trained" if name == "your_image" else "Phantom cases: synthetic images"
            )
            expect(page.get_by_text(synthetic).first).to_be_visible()
            expect(page.get_by_test_id("stException")).to_have_count(0)
            expect(page.get_by_text("Page not found")).to_have_count(0)
            for link in ("Explore", "Compare", "Features", "Your image", "Demo", "About"):
                expect(page.get_by_role("link", name=link, exact=True)).to_be_visible()
            page.close()  # otherwise its job would go on while the others open
        assert not server.complaints()

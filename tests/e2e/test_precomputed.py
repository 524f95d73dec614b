"""With the built-in weights and precomputed results the tour needs no forward pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import dashboard
from tests.e2e.expecting import expect
from xai_core.settings import DEFAULT_WEIGHTS, PRECOMPUTED
from xai_core.ui.demo.stops import EXPLORE, STOPS

pytestmark = pytest.mark.e2e


def test_the_whole_tour_scores_no_image(tmp_path: Path, visit: Callable[[str], Page]) -> None:
    with dashboard(tmp_path, "library", DEFAULT_WEIGHTS, precomputed=PRECOMPUTED) as server:
        for number, stop in enumerate(STOPS, start=1):
            page = visit(f"{server.url}/demo?stop={number}")
            explore.leave_stage(page)
            expect(page.get_by_text(f"Stop {number} of {len(STOPS)}")).to_be_visible()
            if stop.scene == EXPLORE:
                explore.wait_until_done(page)
                expect(explore.progress(page)).to_contain_text("; 0 images newly scored")
            else:
                ready = re.compile(r"All \d panels ready")
                expect(explore.progress(page)).to_contain_text(ready)
        assert not server.complaints()
    assert not list((tmp_path / "store").rglob("*.safetensors")), "nothing was scored"

"""The controls of a method's options."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui import pages
from tests.ui.stand_in_service import set_viewer_drawn, use_stand_in
from xai_core.cam import METHODS


def _labels() -> list[str]:
    with use_stand_in():
        page = AppTest.from_function(pages.explore_page, default_timeout=60)
        set_viewer_drawn(page)
        page.query_params["method"] = "score-cam"
        page.run()
        assert not page.exception
        return [o.content for c in page.get("button_group") for o in c.proto.options]


def test_fewer_are_called_fast_only_where_the_method_approximates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = _labels()
    assert "all (exact)" in labels
    assert any(label.startswith("first ") and label.endswith(" (fast)") for label in labels)
    monkeypatch.setattr(type(METHODS["score-cam"]), "exact_options", lambda self, options: None)
    labels = _labels()
    assert "all" in labels
    assert not [label for label in labels if "(exact)" in label or "(fast)" in label]

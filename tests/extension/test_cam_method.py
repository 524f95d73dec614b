"""A CAM method is one file: the how-to's example is found everywhere with no other edit."""

from __future__ import annotations

import json

import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow

_PAGES = """
from streamlit.testing.v1 import AppTest
from tests.ui import pages
from tests.ui.stand_in_service import set_viewer_drawn, use_stand_in

with use_stand_in() as stand_in:
    explore = AppTest.from_function(pages.explore_page, default_timeout=60)
    set_viewer_drawn(explore)
    explore.run()
    assert not explore.exception, explore.exception
    print("explore:", [title for choice in explore.selectbox for title in choice.options])
    compare = AppTest.from_function(pages.compare_page, default_timeout=60)
    compare.query_params["methods"] = "grad-cam,mean-cam"
    compare.run()
    assert not compare.exception, compare.exception
    stand_in.finish()
    compare.run()
    assert not compare.exception, compare.exception
    print("compare:", [m.value for m in compare.markdown])
    print("asked:", sorted({one.request.method for one in stand_in.asked}))
"""


def test_the_how_to_s_method_is_found_everywhere(project: Project) -> None:
    project.follow("add_a_cam_method.md", "xai_core/cam/mean_cam.py")
    for verb in ("explain", "evaluate"):
        assert "mean-cam" in project.cli(verb, "--help")

    out = project.root / "result"
    project.cli("explain", "library:PH-0001", "--method", "mean-cam", "--out", str(out))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["method"] == "mean-cam"
    assert manifest["conventions"]["weights"] == "equal"
    assert manifest["map"]["unit"] == "mean activation"
    assert manifest["curves"] is not None

    study = project.root / "study"
    methods = ("--methods", "grad-cam,mean-cam", "--limit", "2")
    project.cli("evaluate", "--cases", "library", *methods, "--out", str(study))
    for table in ("tables.md", "tables.tex"):
        assert "Mean-CAM" in (study / table).read_text()
    assert ",mean-cam," in (study / "tables.csv").read_text()

    told = project.python("-c", _PAGES)
    explore, compare, asked = told.splitlines()[-3:]
    assert "Mean-CAM" in explore
    assert "Mean-CAM" in compare
    assert "mean-cam" in asked

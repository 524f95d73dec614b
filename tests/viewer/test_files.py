"""The viewer's files: all are listed, the model is independent of the page, colours are unique."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from xai_core.cam.hybrid_cam import LEAST_GAIN
from xai_core.settings import ASSETS, ROOT
from xai_core.ui.viewer import script

VIEWER = ASSETS / "viewer"
COMPONENTS = ("filters", "grid", "steps")  # of one script each
LISTED: dict[str, list[str]] = json.loads((VIEWER / "scripts.json").read_text("utf-8"))
DEFAULTS = json.loads((VIEWER / "defaults.json").read_text("utf-8"))
# The page, its canvases, and the object that holds model and page together.
_OF_A_PAGE = re.compile(r"\b(document|canvas|viewer|performance|navigator)\b|(?<![.\w])window\.\w")


def test_every_script_is_listed_once() -> None:
    files = [
        f"{p.parent.name}/{p.name}"
        for p in VIEWER.glob("*/*.js")
        if p.parent.name not in COMPONENTS
    ]
    listed = [f"{folder}/{name}" for folder, names in LISTED.items() for name in names]
    assert sorted(listed) == sorted(files)


def test_the_script_is_the_defaults_and_the_files_in_their_order() -> None:
    joined = script()
    assert joined.startswith("const DEFAULTS = {")
    positions = [
        joined.index((VIEWER / folder / name).read_text("utf-8"))
        for folder, names in LISTED.items()
        for name in names
    ]
    assert positions == sorted(positions)
    assert "class Viewer" in script("shell")
    assert "class Viewer" not in script("model")


@pytest.mark.parametrize("name", LISTED["model"])
def test_the_model_uses_nothing_of_a_page(name: str) -> None:
    lines = (VIEWER / "model" / name).read_text("utf-8").splitlines()
    code = [line.split("//")[0] for line in lines]
    assert [line for line in code if _OF_A_PAGE.search(line)] == []


def test_the_least_gain_of_a_level_is_the_methods() -> None:
    assert DEFAULTS["area_levels"] == {"least_gain": LEAST_GAIN}


def _contains_colour(text: str, colour: str) -> bool:
    """Whether a text contains a colour ``#rrggbb``, in that form or as three numbers."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    numbers = re.search(rf"\b{red},\s*{green},\s*{blue}\b", text)
    return colour.lower() in text.lower() or numbers is not None


@pytest.mark.parametrize("colour", DEFAULTS["palette"].values(), ids=DEFAULTS["palette"])
def test_a_palette_colour_occurs_only_in_defaults_json(colour: str) -> None:
    assert _contains_colour("fill: #E69F00", "#e69f00")
    assert _contains_colour("rgb(230, 159, 0)", "#e69f00")
    files: list[Path] = [
        path
        for folder in (VIEWER, ROOT / "xai_core")
        for path in folder.rglob("*")
        if path.suffix in (".py", ".js", ".css", ".html")
    ]
    assert len(files) > 100
    copies = [p for p in files if _contains_colour(p.read_text("utf-8"), colour)]
    assert [str(p.relative_to(ROOT)) for p in copies] == []


def test_every_colour_in_use_is_a_distinct_palette_colour() -> None:
    assert set(DEFAULTS["colours"].values()) <= set(DEFAULTS["palette"])
    assert len(set(DEFAULTS["palette"].values())) == len(DEFAULTS["palette"])

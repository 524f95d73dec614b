"""The rooms call one way only: pages -> ui -> service -> methods -> cases, model, store -> types.

Measured from the imports themselves, wherever in a file they stand.
"""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each room may import rooms of a lower floor, and its own.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("types", "errors", "settings", "files", "list_text"),
    ("store", "phantom", "statistics", "preprocessing"),
    ("cases", "model", "cam", "faithfulness"),
    ("request", "viz"),
    ("training", "explanation", "context"),
    ("explainer",),
    ("service", "study"),
    ("ui", "cli"),
    ("pages", "app", "__main__"),
)
# cam and faithfulness share a floor with the model and the cases, but must not know them.
STRANGERS = {
    "cam": {"cases", "model", "faithfulness"},
    "faithfulness": {"cases", "model", "cam"},
    "cases": {"cam", "faithfulness", "model", "statistics"},
    "model": {"cam", "faithfulness", "cases", "statistics"},
    "phantom": {"store", "statistics"},
    "store": {"statistics"},
    "ui": {"cli"},
    "cli": {"ui"},
}
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def modules() -> list[Path]:
    return [
        *sorted((ROOT / "xai_core").rglob("*.py")),
        *sorted((ROOT / "pages").glob("*.py")),
        ROOT / "app.py",
    ]


def room_of(dotted: str) -> str | None:
    """The room of ``xai_core.cam.grad_cam`` is ``cam``; None for what is not ours."""
    parts = dotted.split(".")
    if parts[0] in ("pages", "app"):
        return parts[0]
    if parts[0] != "xai_core" or len(parts) == 1:
        return None
    return parts[1]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_point_down(path: Path) -> None:
    here = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if here in (None, "__init__"):
        return
    assert here in FLOOR, f"{here} is a new room: give it a floor here and in docs/architecture.md"
    for name in imported(path):
        there = room_of(name)
        if there is None or there == here or there not in FLOOR:
            continue
        assert FLOOR[there] <= FLOOR[here], f"{here} must not know {there} ({name})"
        assert there not in STRANGERS.get(here, ()), f"{here} must not know {there} ({name})"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imported(path)}
    relative = path.relative_to(ROOT)
    if relative.parts[0] == "pages":
        assert not libraries & {"torch", "timm", "numpy", "skimage", "pydicom", "scipy"}
    elif relative.parts[:2] != ("xai_core", "ui") and relative.name != "app.py":
        assert "streamlit" not in libraries
    if relative.parts[:2] == ("xai_core", "viz"):
        assert "torch" not in libraries
    if relative.parts[:2] in (("xai_core", "cam"), ("xai_core", "faithfulness")):
        assert not libraries & {"timm", "streamlit", "pathlib", "PIL"}
    assert "pickle" not in libraries


def test_no_circle_of_imports() -> None:
    """Not even for the type checker alone: what two files need belongs into a third."""
    names = {}
    for path in (ROOT / "xai_core").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {name: (imported(path) & names.keys()) - {name} for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_file_grows_past_a_few_screens() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in modules()
        if p.exists() and (n := len(p.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long, f"one concept per file: what second idea lives in {long}?"

"""Packages import each other in one direction only, and no module is part of an import cycle.

Checked on all import statements, including those inside functions.
"""

from __future__ import annotations

import ast
import graphlib
import re
from pathlib import Path

import pytest

from xai_core.ui.pages import PAGES

ROOT = Path(__file__).resolve().parent.parent

BASE = ("types", "errors", "settings", "files", "list_text")  # every package may import these
# What each package may import besides the base and itself; see docs/architecture.md.
ALLOWED: dict[str, tuple[str, ...]] = {
    "statistics": (),
    "preprocessing": (),
    "phantom": (),
    "scoring": (),
    "cases": (),
    "model": ("preprocessing",),
    "cam": ("scoring", "statistics"),
    "faithfulness": ("scoring", "statistics"),
    "viz": ("cam", "faithfulness", "preprocessing"),
    "explain": ("cam", "cases", "faithfulness", "model", "preprocessing", "scoring", "viz"),
    "training": ("cases", "model", "phantom", "preprocessing", "statistics"),
    "study": (
        "cam", "cases", "explain", "faithfulness", "model", "preprocessing", "scoring",
        "statistics", "viz",
    ),
    "ui": (
        "cam", "cases", "explain", "faithfulness", "model", "preprocessing", "study", "viz",
    ),
    "cli": ("cam", "cases", "explain", "model", "phantom", "scoring", "study", "training"),
    "pages": ("ui",),
    "app": ("ui",),
    "__main__": ("cli",),
}  # fmt: skip
# CAM methods and metrics use the caches in memory, not the stores on disk.
IN_MEMORY = ("logit_cache", "map_cache")


def modules() -> list[Path]:
    return [
        *sorted((ROOT / "xai_core").rglob("*.py")),
        *sorted((ROOT / "pages").glob("*.py")),
        ROOT / "app.py",
    ]


def package_of(dotted: str) -> str | None:
    """The package of a module, ``cam`` for ``xai_core.cam.grad_cam``; None for other projects."""
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
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the package"
            assert node.module
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_allowed_direction(path: Path) -> None:
    here = package_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if here in (None, "__init__", *BASE):
        return
    assert here in ALLOWED, f"{here} is new: list its imports here and in docs/architecture.md"
    for name in imported(path):
        there = package_of(name)
        if there is None or there == here or there in BASE or there not in ALLOWED:
            continue
        assert there in ALLOWED[here], f"{here} must not import {there} ({name})"
        if here in ("cam", "faithfulness") and there == "scoring" and name.count(".") > 1:
            assert name.split(".")[2] in IN_MEMORY, f"{here} must not use files ({name})"


def test_the_document_has_the_same_arrows() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", text.split("## Arrows", 1)[1], re.MULTILINE)
    found = {room: tuple(re.findall(r"`(\w+)`", others)) for room, others in rows}
    assert found == ALLOWED
    base = re.search(r"^The base is (.*?)\.$", text, re.MULTILINE)
    assert base is not None
    assert tuple(re.findall(r"`(\w+)`", base[1])) == BASE


def test_the_document_names_every_room_and_no_other_file() -> None:
    """The tree in the document: what it names is there, and every folder of Python is named."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named, parents = set(), [""]
    for line in text.split("```", 2)[1].splitlines():
        found = re.match(r"( *)(\S+(?:, \S+\.py)*) {2,}\S", line)
        if found is None or len(found[1]) > 8:
            continue  # the rest of a sentence
        depth = len(found[1]) // 2
        for name in found[2].split(", "):
            place = "".join(parents[: depth + 1]) + name
            assert (ROOT / place).exists(), f"docs/architecture.md names {place}"
            named.add(place.rstrip("/"))
        parents[depth + 1 :] = [found[2]]
    folders = {
        str(path.parent.relative_to(ROOT))
        for path in (ROOT / "xai_core").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert folders <= named, f"docs/architecture.md does not name {folders - named}"


def test_every_how_to_is_listed() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\(how_to/(\w+\.md)\)", text))
    assert listed == {path.name for path in (ROOT / "docs" / "how_to").glob("*.md")}


def test_allowed_imports_have_no_cycle() -> None:
    order = tuple(graphlib.TopologicalSorter(ALLOWED).static_order())
    assert set(order) == set(ALLOWED)


def test_base_modules_import_no_package() -> None:
    for name in BASE:
        packages = {package_of(one) for one in imported(ROOT / "xai_core" / f"{name}.py")}
        assert packages <= {None, *BASE}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_are_imported_only_where_allowed(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imported(path)}
    relative = path.relative_to(ROOT)
    if relative.parts[0] == "pages":
        assert not libraries & {"torch", "timm", "numpy", "skimage", "pydicom", "scipy"}
    elif relative.parts[:2] != ("xai_core", "ui") and relative.name != "app.py":
        assert "streamlit" not in libraries
    if relative.parts[:2] == ("xai_core", "viz"):
        assert "torch" not in libraries
    own_files = {"__init__.py"}  # a registry reads the files of its own folder
    if (
        relative.parts[1:2]
        and relative.parts[1] in ("cam", "faithfulness")
        and relative.name not in own_files
    ):
        assert not libraries & {"timm", "streamlit", "pathlib", "PIL"}
    assert "pickle" not in libraries


def test_imports_have_no_cycle() -> None:
    """Also not under TYPE_CHECKING: what two modules need belongs into a third."""
    names = {}
    for path in (ROOT / "xai_core").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {name: (imported(path) & names.keys()) - {name} for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_every_page_file_is_listed() -> None:
    files = {f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")}
    assert {entry.file for entry in PAGES} == files

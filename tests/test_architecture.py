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

# Every package may import these.
BASE = ("types", "errors", "settings", "files", "list_text", "output", "findings")
# What each package may import besides the base and itself; see docs/architecture.md.
ALLOWED: dict[str, tuple[str, ...]] = {
    "statistics": (),
    "preprocessing": (),
    "phantom": (),
    "scoring": (),
    "cases": (),
    "model": ("preprocessing",),
    "learning": ("statistics",),
    "cam": ("scoring", "statistics"),
    "faithfulness": ("scoring", "statistics"),
    "viz": ("cam", "faithfulness", "preprocessing"),
    "explain": ("cam", "cases", "faithfulness", "model", "preprocessing", "scoring", "viz"),
    "features": ("cases", "model", "phantom", "statistics", "viz"),
    "training": ("cases", "model", "phantom", "preprocessing", "statistics"),
    "study": (
        "cam", "cases", "explain", "faithfulness", "features", "model", "preprocessing", "scoring",
        "statistics", "viz",
    ),
    "ui": (
        "cam", "cases", "explain", "faithfulness", "features", "model", "preprocessing", "study",
        "viz",
    ),
    "cli": (
        "cam", "cases", "explain", "features", "model", "phantom", "scoring", "study", "training",
    ),
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


# --- Writes -----------------------------------------------------------------------------------

WRITES = {
    "write_text", "write_bytes", "mkdir", "makedirs", "rename", "renames", "touch", "chmod",
    "symlink_to", "hardlink_to", "unlink", "remove", "rmdir", "rmtree", "copy", "copy2", "copyfile",
    "copytree", "move", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory",
    "TemporaryFile", "truncate", "utime", "save_file", "to_csv", "to_parquet", "to_pickle",
    "savefig", "savetxt", "tofile", "memmap", "serialize", "write_image", "extractall",
}  # fmt: skip
"""Methods and functions that change files by name."""
SERIALISERS = {"save", "savez", "savez_compressed", "write_table"}
"""They take a name or a stream; here only a stream."""
STREAMS = {"stream", "buffer"}
_TEMPORARY = "in a temporary folder of this process alone, which is removed at once"
EXCEPTIONS = {
    ("scoring/disk_store.py", "unlink"): "eviction",
    ("scoring/disk_store.py", "utime"): "marks a file as used; no content changes",
    ("study/precompute.py", "unlink"): "--force removes the results of another request",
    ("model/engine/openvino_engine.py", "unlink"): "converted networks of other weights go",
    ("model/engine/openvino_engine.py", "TemporaryDirectory"): _TEMPORARY,
    ("model/engine/openvino_engine.py", "serialize"): _TEMPORARY,
    ("cases/readers/child_process.py", "TemporaryDirectory"): _TEMPORARY,
    ("cases/readers/child_process.py", "write_bytes"): _TEMPORARY,
    ("cases/readers/child_process.py", "write_text"): _TEMPORARY,
    ("cases/readers/child_process.py", "open"): _TEMPORARY,
    ("cases/annotations/workbook_child.py", "write_text"): _TEMPORARY,
    ("ui/your_image/own.py", "replace"): "of an image in memory, no file",
}
"""The writes outside files.py: (file, call) -> the reason."""


def writes(source: str) -> set[str]:
    """The calls in ``source`` that may write a file by its name; those of files.py itself, which
    are called without a module before them, are none."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        attribute = isinstance(node.func, ast.Attribute)
        name = getattr(node.func, "attr" if attribute else "id", "")
        plain = [one for one in node.args if isinstance(one, ast.Constant)]
        modes = [*plain, *(word.value for word in node.keywords if word.arg == "mode")]
        if name in ("open", "fdopen"):
            if any(set(str(getattr(m, "value", "w"))) & set("wax+") for m in modes if m):
                found.add(name)
        elif name == "replace":  # of a path: str's has two arguments, dataclasses' has names
            if attribute and len(node.args) == 1 and not node.keywords:
                found.add(name)
        elif name in SERIALISERS and attribute and node.args:
            names = {one.id for one in node.args if isinstance(one, ast.Name)}
            if not names & STREAMS and not ast.unparse(node.func).endswith(
                ("self.save", "store.save")
            ):
                found.add(name)
        elif name in WRITES and (attribute or name not in ("write_text", "write_bytes")):
            bare = ast.unparse(node.func)
            if name not in ("copy", "move", "remove") or bare.startswith(("shutil.", "os.")):
                found.add(name)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text('x')", "path.open('w')", "open(path, mode='ab')", "path.replace(other)",
        "os.replace(a, b, dir_fd=c) or os.remove(a)", "np.save(path, array)", "torch.save(s, path)",
        "save_file(tensors, path)", "path.mkdir(parents=True)", "shutil.copy(a, b)",
        "tempfile.TemporaryDirectory()", "pq.write_table(table, path)", "image.save('a.png')",
    ],
)  # fmt: skip
def test_a_write_is_recognised(line: str) -> None:
    assert writes(line)


@pytest.mark.parametrize(
    "line",
    [
        "path.open('rb')", "open(path)", "text.replace('a', 'b')", "write_text(path, 'x')",
        "dataclasses.replace(request, layer=name)", "np.save(stream, array)", "array.copy()",
        "image.save(buffer, 'PNG')",
    ],
)  # fmt: skip
def test_what_is_no_write_is_not_taken_for_one(line: str) -> None:
    assert not writes(line)


def test_files_are_written_in_one_place() -> None:
    """So that each write is whole or not at all, and fails with a sentence."""
    found = {}
    for path in modules():
        name = path.relative_to(ROOT).as_posix().removeprefix("xai_core/")
        if name != "files.py":
            found |= {(name, call): path for call in writes(path.read_text(encoding="utf-8"))}
    new = found.keys() - EXCEPTIONS.keys()
    assert not new, f"write through xai_core/files.py, or give a reason here: {sorted(new)}"
    gone = EXCEPTIONS.keys() - found.keys()
    assert not gone, f"no longer there: {sorted(gone)}"


def test_every_page_file_is_listed() -> None:
    files = {f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")}
    assert {entry.file for entry in PAGES} == files

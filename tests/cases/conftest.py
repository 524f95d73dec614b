"""One source of each kind, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xai_core.cases import CaseSource, FolderSource, open_source
from xai_core.settings import Settings

from .builders import dicom_bytes, encode, make_library, make_release, mammogram, noise


def _folder(path: Path) -> Path:
    (path / "deep").mkdir(parents=True)
    (path / "a.png").write_bytes(encode(noise()))
    (path / "a.jpg").write_bytes(encode(noise(), "JPEG"))
    (path / "deep" / "p10.tif").write_bytes(encode(noise(top=65535), "TIFF"))
    (path / "deep" / "p9").write_bytes(dicom_bytes(mammogram()))
    return path


def _file(path: Path) -> Path:
    path.mkdir()
    (path / "one.png").write_bytes(encode(noise()))
    return path / "one.png"


EXAMPLES: dict[str, Callable[[Path], Path]] = {
    "CddCesm": make_release,
    "PhantomLibrary": make_library,
    "FolderSource": _folder,
    "FolderSource, one file": _file,
}
"""A class of ``SOURCES`` (and what is special) -> a function that makes what it opens."""


@pytest.fixture(params=EXAMPLES, ids=str)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """The name of a class of ``SOURCES``, and what it opens, for every source in turn."""
    name = request.param.split(",")[0]
    return name, EXAMPLES[request.param](tmp_path / "source")


@pytest.fixture
def source(opened: tuple[str, Path]) -> CaseSource:
    """A source of every kind in turn, opened as users open it."""
    return open_source(str(opened[1]), Settings())


@pytest.fixture
def folder_source(tmp_path: Path) -> FolderSource:
    """Pictures and DICOM in one folder and a folder in it."""
    return FolderSource(_folder(tmp_path / "mixed"))

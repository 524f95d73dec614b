"""One source of each kind, for the contract tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from xai_core.cases import CaseSource, CddCesm, FolderSource, PhantomLibrary

from .builders import dicom_bytes, encode, make_library, make_release, mammogram, noise


def _folder(path: Path) -> FolderSource:
    (path / "deep").mkdir(parents=True)
    (path / "a.png").write_bytes(encode(noise()))
    (path / "a.jpg").write_bytes(encode(noise(), "JPEG"))
    (path / "deep" / "p10.tif").write_bytes(encode(noise(top=65535), "TIFF"))
    (path / "deep" / "p9").write_bytes(dicom_bytes(mammogram()))
    return FolderSource(path)


def _file(path: Path) -> FolderSource:
    path.mkdir()
    (path / "one.png").write_bytes(encode(noise()))
    return FolderSource(path / "one.png")


MAKERS = {
    "cdd_cesm": lambda path: CddCesm(make_release(path)),
    "library": lambda path: PhantomLibrary(make_library(path)),
    "folder": _folder,
    "file": _file,
}


@pytest.fixture(params=MAKERS, ids=str)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> CaseSource:
    """A source of every kind in turn."""
    return MAKERS[request.param](tmp_path / "source")


@pytest.fixture
def folder_source(tmp_path: Path) -> FolderSource:
    """Pictures and DICOM in one folder and a folder in it."""
    return _folder(tmp_path / "mixed")

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.builders import WORKBOOK, encode, make_library, make_release, noise
from xai_core.cases import CddCesm, FolderSource, PhantomLibrary, open_source
from xai_core.cases.sources import library
from xai_core.errors import BadAnnotation, SourceNotFound
from xai_core.settings import Settings


def test_each_kind_of_source_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(encode(noise()))
    for path, kind in (
        (make_library(tmp_path / "lib"), PhantomLibrary),
        (make_release(tmp_path / "release"), CddCesm),
        (make_release(tmp_path / "nested", "PKG - CDD-CESM/CDD-CESM"), CddCesm),
        (tmp_path / "pictures", FolderSource),
        (tmp_path / "pictures" / "a.png", FolderSource),
    ):
        assert type(open_source(str(path), Settings())) is kind


def test_library_opens_the_built_in_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.PhantomLibrary.__init__, "__defaults__", (make_library(tmp_path),))
    assert open_source("library", Settings()).is_phantom


def test_empty_text_opens_the_source_of_the_settings(tmp_path: Path) -> None:
    make_release(tmp_path)
    assert type(open_source(" ", Settings(cases=str(tmp_path)))) is CddCesm


@pytest.mark.parametrize(
    "text", ["/no/such/place", "a\0b", "x" * 5000, "~nobody-of-this-name/x", "/dev/null"]
)
def test_missing_path_raises_source_not_found(text: str) -> None:
    with pytest.raises(SourceNotFound, match="allowed are 'library'") as caught:
        open_source(text, Settings())
    assert "/no/such" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_folder_or_file_without_a_case(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for path in (tmp_path, tmp_path / "a.txt"):
        with pytest.raises(SourceNotFound, match="holds no picture"):
            open_source(str(path), Settings())


def test_a_release_with_a_damaged_table(tmp_path: Path) -> None:
    (make_release(tmp_path) / WORKBOOK).write_bytes(b"x")
    with pytest.raises(BadAnnotation, match=r"^Radiology manual annotations\.xlsx"):
        open_source(str(tmp_path), Settings())

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases import FolderSource
from xai_core.cases.sources import folder
from xai_core.errors import SourceNotFound, UnreadableImage


def test_ids_are_unique_and_in_natural_order(folder_source: FolderSource) -> None:
    assert [r.id for r in folder_source.records()] == ["a.jpg", "a.png", "deep/p9", "deep/p10"]


def test_dicom_is_recognised_by_content_and_completes_the_case(folder_source: FolderSource) -> None:
    case = folder_source.load("deep/p9")
    assert (case.laterality, case.view) == ("R", "MLO")
    assert case.patient_id == "deep/p9"  # not the file's own patient


def test_single_file_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(dicom_bytes(mammogram()))
    (tmp_path / "y.png").write_bytes(encode(noise()))
    source = FolderSource(tmp_path / "x.png")
    assert [r.id for r in source.records()] == ["x"]
    assert source.name == "x.png"
    assert source.load("x").pixel_spacing is not None


def test_files_named_like_pictures_give_a_warning(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(encode(noise()))
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "empty.dcm").touch()
    for name in ("notes.txt", "desktop.ini", "~$x.png", ".hidden.png", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    source = FolderSource(tmp_path)
    assert [r.id for r in source.records()] == ["good"]
    assert len(source.warnings) == 1
    assert "empty.dcm, text.png" in source.warnings[0]


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(SourceNotFound, match=r"holds no picture; give a PNG.*text\.png"):
        FolderSource(tmp_path)


def test_file_changed_after_listing_raises_unreadable_image(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise()))
    source = FolderSource(tmp_path)
    path.write_bytes(encode(noise(300, 300))[:2000])
    with pytest.raises(UnreadableImage, match=r"^a\.png is damaged"):
        source.load("a")
    path.unlink()
    with pytest.raises(UnreadableImage, match=r"^a\.png is no longer there"):
        source.load("a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.timeout(20)
def test_named_pipes_and_cyclic_links_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode(noise()))
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "ring").symlink_to(tmp_path)
    assert [r.id for r in FolderSource(tmp_path).records()] == ["a"]


def test_too_many_files_give_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(encode(noise()))
    source = FolderSource(tmp_path)
    assert len(source.records()) == 3
    assert any("more than 3 files" in w for w in source.warnings)

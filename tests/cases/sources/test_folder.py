from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases import FolderSource
from xai_core.cases.sources import folder
from xai_core.cases.sources.upload import read_own
from xai_core.errors import SourceNotFound, UnreadableImage
from xai_core.types import Case


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


def _png(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(noise(seed=seed)))
    return path


def test_names_that_would_share_an_id_give_a_case_each(tmp_path: Path) -> None:
    for seed, name in enumerate(("x.png", "x.jpg", "x.png.png", "y.v1", "y.v2.png", "y")):
        _png(tmp_path / name, seed)
    source = FolderSource(tmp_path)
    ids = [record.id for record in source.records()]
    assert sorted(ids) == sorted(["x.png", "x.jpg", "x.png.png", "y", "y.v1", "y.v2"])
    pictures = {source.load(key).image.tobytes() for key in ids}
    assert len(pictures) == 6


def test_files_named_by_a_uid_keep_their_whole_name(tmp_path: Path) -> None:
    names = ["1.2.840.1.9", "1.2.840.1.10", "1.2.840.1.10.1"]
    for seed, name in enumerate(names):
        ds = mammogram(noise(64, 48, top=4095, seed=seed))
        (tmp_path / name).write_bytes(dicom_bytes(ds))
    assert [record.id for record in FolderSource(tmp_path).records()] == names


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_ids_are_printable_and_do_not_depend_on_the_encoding(tmp_path: Path) -> None:
    data = encode(noise())
    for name in (
        b"caf\xe9.png",
        b"tab\t.png",
        b"line\n.png",
        "e\u0301.png".encode(),
        b"50%.png",
        "b\u202e.png".encode(),
        "c\ufe0f.png".encode(),
    ):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(data)
    source = FolderSource(tmp_path)
    ids = {record.id for record in source.records()}
    assert ids == {"caf%E9", "tab%09", "line%0A", "\u00e9", "50%", "b%E2%80%AE", "c%EF%B8%8F"}
    for key in ids:
        key.encode("utf-8")
        assert source.load(key).image.shape == (64, 48)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_names_that_differ_only_in_their_encoding_give_a_case_each(tmp_path: Path) -> None:
    for name in ("\u00e9.png", "e\u0301.png", "x%09.png", "x\t.png"):
        _png(tmp_path / name)
    ids = [record.id for record in FolderSource(tmp_path).records()]
    assert len(set(ids)) == 4


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    _png(tmp_path / "a.png")
    _png(tmp_path / ".hidden.png")
    _png(tmp_path / ".folder" / "b.png")
    (tmp_path / "b.bmp").write_bytes(encode(noise(), "BMP"))
    (tmp_path / "c.jp2").write_bytes(b"x")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    source = FolderSource(tmp_path)
    assert [record.id for record in source.records()] == ["a"]
    told = " ".join(source.warnings)
    for name in ("b.bmp", "c.jp2", "gone.png", ".hidden.png", ".folder"):
        assert name in told
    assert "DICOMDIR" not in told


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    _png(tmp_path / "elsewhere" / "b.png")
    root = tmp_path / "root"
    _png(root / "a.png")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "again").symlink_to(tmp_path / "elsewhere")
    (root / "ring").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    source = FolderSource(root)
    assert [record.id for record in source.records()] == ["a", "again/b"]
    assert source.load("again/b").image.shape == (64, 48)


@pytest.mark.skipif(os.mkdir not in os.supports_dir_fd, reason="paths are limited here")
def test_a_folder_of_thousands_of_levels_is_read_to_its_limit(tmp_path: Path) -> None:
    _png(tmp_path / "a.png")
    _png(tmp_path / Path(*["d"] * 32) / "b.png")
    made = [os.open(tmp_path, os.O_RDONLY)]
    for _ in range(1500):
        with contextlib.suppress(FileExistsError):
            os.mkdir("d", dir_fd=made[-1])
        made.append(os.open("d", os.O_RDONLY, dir_fd=made[-1]))
        os.close(made.pop(0))
    os.close(made[0])
    try:
        source = FolderSource(tmp_path)
        assert [record.id for record in source.records()] == ["a", "/".join(["d"] * 32) + "/b"]
        assert "1 folder is more than 32 levels deep" in " ".join(source.warnings)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # shutil recurses as deep


def test_many_folders_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FILES", 5)
    for number in range(9):
        (tmp_path / f"d{number}").mkdir()
    _png(tmp_path / "a.png")
    assert any("more than 5 files" in warning for warning in FolderSource(tmp_path).warnings)


@pytest.mark.parametrize(
    "data",
    [
        encode(noise()),
        encode(noise(), "TIFF"),
        encode(noise(), "BMP"),
        b"II+\0" + bytes(200),
        b"text",
        encode(noise(16, 16)),
        dicom_bytes(mammogram()),
        dicom_bytes(mammogram())[:300],
    ],
)
@pytest.mark.parametrize("name", ["a", "a.dcm"])
def test_folder_reads_and_refuses_what_an_upload_does(
    tmp_path: Path, data: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(data)

    def outcome(read: Callable[[], Case]) -> object:
        try:
            return read().image.tobytes()
        except (UnreadableImage, SourceNotFound) as refusal:
            return str(refusal)

    upload = outcome(lambda: read_own(data, name).case)
    found = outcome(lambda: FolderSource(tmp_path).load("a"))
    if isinstance(found, str) and "holds no picture" in found:
        assert name in found
        assert "not a" in str(upload)
    elif isinstance(found, str):  # an upload's name is in no message
        assert found.removeprefix(name) == str(upload).removeprefix("The file")
    else:
        assert found == upload


def test_recombined_images_are_told_by_their_names(tmp_path: Path) -> None:
    for name in ("P7_L_CM_CC.png", "P7_L_DM_CC.png", "other.png"):
        (tmp_path / name).write_bytes(encode(noise()))
    (warning,) = FolderSource(tmp_path).warnings
    assert warning.startswith("1 picture is by its name a recombined image of CDD-CESM")
    assert "P7_L_CM_CC.png" in warning


def test_a_folder_that_may_not_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceNotFound, match="1 folder cannot be opened, and was left out"):
        FolderSource(tmp_path)

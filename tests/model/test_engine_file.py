"""The file of the converted network: complete, missing, or detected as damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.irregular import NOT_REGULAR, make_irregular
from xai_core.model.engine import openvino_engine


def test_written_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.ir"
    openvino_engine.write(path, b"<graph/>", b"\0\1" * 1000)
    assert openvino_engine.read(path) == (b"<graph/>", b"\0\1" * 1000)
    assert [p.name for p in path.parent.iterdir()] == ["a.ir"]  # no half file is left


def test_missing_file_gives_none(tmp_path: Path) -> None:
    assert openvino_engine.read(tmp_path / "a.ir") is None


@pytest.mark.parametrize("harm", ["empty", "short", "bit", "other"])
def test_damaged_file_is_detected(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "a.ir"
    openvino_engine.write(path, b"<graph/>", bytes(1000))
    content = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "short": content[:-1],
            "bit": content[:500] + b"\1" + content[501:],
            "other": b"something else that is longer than the head of a file of ours",
        }[harm]
    )
    with pytest.raises(openvino_engine.Damaged):
        openvino_engine.read(path)


@pytest.mark.parametrize("what", NOT_REGULAR)
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, what: str) -> None:
    path = tmp_path / "store" / "engine" / "a.ir"
    aside = tmp_path / "aside" / "a.ir"
    openvino_engine.write(aside, b"<graph/>", bytes(1000))
    make_irregular(what, path, aside)
    with pytest.raises(openvino_engine.Damaged):
        openvino_engine.read(path)


def test_a_link_to_another_folder_is_neither_read_nor_written(tmp_path: Path) -> None:
    path = tmp_path / "store" / "engine" / "a.ir"
    openvino_engine.write(tmp_path / "aside" / "a.ir", b"<graph/>", b"")
    (tmp_path / "store").mkdir()
    path.parent.symlink_to(tmp_path / "aside")
    with pytest.raises(openvino_engine.Damaged):
        openvino_engine.read(path)
    with pytest.raises(OSError, match="not a regular file"):
        openvino_engine.write(path, b"other", b"")
    assert openvino_engine.read(tmp_path / "aside" / "a.ir") == (b"<graph/>", b"")


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ir"
    openvino_engine.write(path, b"old", b"")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        openvino_engine.write(path, b"new", b"")
    assert openvino_engine.read(path) == (b"old", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["a.ir"]


def test_oldest_files_are_removed(tmp_path: Path) -> None:
    for i in range(8):
        path = tmp_path / f"{i}.ir"
        openvino_engine.write(path, b"g", b"")
        os.utime(path, (1e9 + i, 1e9 + i))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["4.ir", "5.ir", "6.ir", "7.ir"]

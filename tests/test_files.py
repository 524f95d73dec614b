"""Atomic writing of files and folders: complete or unchanged, without temporary files left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xai_core.errors import BadRequest
from xai_core.files import (
    csv_cell,
    read_json,
    whole_file,
    whole_folder,
    write_json,
    write_text,
    writing,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_file_is_moved_to_its_place_at_the_end(tmp_path: Path) -> None:
    place = tmp_path / "new" / "a.txt"
    with whole_file(place) as partial:
        partial.write_text("new")
        assert not place.exists()
        assert partial.name.endswith(".part")
    assert place.read_text() == "new"
    assert names(tmp_path) == ["a.txt", "new"]


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, stop: BaseException
) -> None:
    place = tmp_path / "a.txt"
    write_text(place, "old")

    def stopped() -> None:
        with whole_file(place) as partial:
            partial.write_text("ha")
            raise stop

    with pytest.raises(type(stop)):
        stopped()
    assert place.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_new_parent_folders_are_removed_after_an_error(tmp_path: Path) -> None:
    for whole in (whole_file, whole_folder):
        with pytest.raises(ValueError, match="stop"), whole(tmp_path / "a" / "b" / "c"):
            raise ValueError("stop")
    assert names(tmp_path) == []


def test_two_writers_of_one_file_do_not_interfere(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    with whole_file(place) as first, whole_file(place) as second:
        first.write_text("first")
        second.write_text("second")
    assert place.read_text() == "first"  # ended last
    assert names(tmp_path) == ["a.txt"]


def test_partial_files_of_killed_processes_are_removed_by_the_next_write(tmp_path: Path) -> None:
    place = tmp_path / "a[1].txt"
    old, young = tmp_path / ".a[1].txt.00000000.part", tmp_path / ".a[1].txt.11111111.part"
    other = tmp_path / ".a1.txt.00000000.part"
    for path in (old, young, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (1e9, 1e9))
    write_text(place, "whole")
    assert names(tmp_path) == sorted([place.name, young.name, other.name])


def test_folder_replaces_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "out"
    for name in ("a", "b"):
        with whole_folder(place) as partial:
            write_text(partial / name, name)
    assert names(tmp_path) == ["b", "out"]


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    place = tmp_path / "out"
    write_text(place / "a", "old")

    def stopped() -> None:
        with whole_folder(place) as partial:
            write_text(partial / "a", "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (place / "a").read_text() == "old"
    assert names(tmp_path) == ["a", "out"]


def test_json_is_written_atomically_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"é": 1})
    assert path.read_text(encoding="utf-8") == '{\n  "é": 1\n}\n'
    assert read_json(path) == {"é": 1}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"é": 1}
    for text in ("[1]", "{", "[" * 100_000):
        path.write_text(text)
        assert read_json(path) == {}
    assert read_json(tmp_path / "none.json") == {}


def test_place_that_cannot_be_written_raises_bad_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    place = tmp_path / "file" / "out.txt"
    message = r"^out\.txt cannot be written \(.+\); give another place with --out\.$"
    with pytest.raises(BadRequest, match=message), writing(place):
        write_text(place, "x")
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "＝1"]
)
def test_a_text_that_begins_as_a_formula_is_no_formula_in_a_table(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["P1_L_DM_CC", "a=b", "", -0.5, -3, True])
def test_other_cells_of_a_table_stay(value: object) -> None:
    assert csv_cell(value) == value
    assert csv_cell(None) == ""

"""Atomic writing of files and folders: complete or unchanged, without temporary files left."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.irregular import make_irregular
from xai_core import files
from xai_core.errors import BadRequest
from xai_core.files import (
    NotRegular,
    csv_cell,
    not_a_file,
    read_json,
    read_regular,
    remove_abandoned,
    whole_file,
    whole_files,
    whole_folder,
    write_json,
    write_text,
    writing,
)

ROOT = Path(__file__).resolve().parent.parent


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_file_is_moved_to_its_place_at_the_end(tmp_path: Path) -> None:
    place = tmp_path / "new" / "a.txt"
    with whole_file(place) as stream:
        stream.write(b"new")
        assert not place.exists()
        (partial,) = place.parent.iterdir()
        assert partial.name.startswith(".a.txt.")
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
        with whole_file(place) as stream:
            stream.write(b"ha")
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
        first.write(b"first")
        second.write(b"second")
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


# A process that makes a partial file or folder and is killed, or waits for its standard input.
WRITER = """
import os, signal, sys
from pathlib import Path
from tests.support.irregular import make_irregular
from xai_core import files
what, place, end = sys.argv[1:]
with getattr(files, what)(Path(place)) as one:
    if what == "whole_file":
        one.write(b"half")
        one.flush()
    else:
        (one / "half").write_bytes(b"half")
    print("begun", flush=True)
    if end == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def begin(what: str, place: Path, end: str) -> subprocess.Popen[str]:
    """A process that has begun to write ``place``."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, what, str(place), end],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    if end == "killed":
        writer.wait()
    return writer


@pytest.mark.parametrize("what", ["whole_file", "whole_folder"])
def test_what_a_killed_process_left_is_removed_at_once_and_what_a_live_one_writes_never(
    tmp_path: Path, what: str
) -> None:
    place = tmp_path / "result"
    begin(what, place, "killed").communicate()
    (dead,) = tmp_path.iterdir()
    writer = begin(what, place, "alive")
    (live,) = set(tmp_path.iterdir()) - {dead}
    os.utime(live, (1e9, 1e9))  # a writer that was suspended for years
    remove_abandoned([dead, live])
    assert list(tmp_path.iterdir()) == [live]
    writer.communicate("go on")
    assert writer.returncode == 0
    assert list(tmp_path.iterdir()) == [place]


def test_a_partial_file_is_not_removed_by_its_own_process(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as stream:
        stream.write(b"whole")
        (partial,) = tmp_path.iterdir()
        os.utime(partial, (1e9, 1e9))
        remove_abandoned([partial])
    assert (tmp_path / "a").read_bytes() == b"whole"


@pytest.mark.skipif(not files._LOCKS, reason="this system has no such locks")
def test_a_partial_file_that_another_process_locked_first_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it as abandoned before it was locked removes it a little later."""
    place, made, lock, new_file = tmp_path / "a.txt", [], fcntl.flock, files._new_file

    def flock(descriptor: int, how: int) -> None:
        if len(made) == 1:
            raise BlockingIOError
        lock(descriptor, how)

    def note(partial: Path) -> int:
        made.append(partial)
        return new_file(partial)

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(files, "_new_file", note)
    with files.whole_file(place) as stream:
        stream.write(b"new")
        made[0].unlink(missing_ok=True)
    assert place.read_bytes() == b"new"
    assert len(made) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("machine", ["another machine", "no locks"])
def test_where_no_lock_can_tell_a_partial_file_is_removed_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    tag = "0" * 8 if machine == "another machine" else files._machine().rstrip("-")
    old, young = (tmp_path / f".a.txt.{tag}-{n * 8}.part" for n in "12")
    for path, minutes in ((old, 61), (young, 59)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - 60 * minutes,) * 2)
    if machine == "no locks":

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
    remove_abandoned([old, young])
    assert list(tmp_path.iterdir()) == [young]
    write_text(tmp_path / "a.txt", "written without a lock")
    assert names(tmp_path) == sorted([young.name, "a.txt"])


def test_a_pipe_with_the_name_of_a_partial_file_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / f".a.{files._machine()}00000000.part"
    os.mkfifo(pipe)
    os.utime(pipe, (1e9, 1e9))
    remove_abandoned([pipe])
    assert list(tmp_path.iterdir()) == [pipe]


def test_files_that_belong_together_are_replaced_together(tmp_path: Path) -> None:
    places = tmp_path / "a", tmp_path / "b"
    for n in (1, 2):
        with whole_files(*places) as streams:
            for stream in streams:
                stream.write(b"%d" % n)
        assert [place.read_bytes() for place in places] == [b"%d" % n] * 2
    assert names(tmp_path) == ["a", "b"]


def test_a_folder_in_the_place_of_a_file_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "mine", "mine")
    with pytest.raises(IsADirectoryError):
        write_text(tmp_path / "a", "x")
    assert names(tmp_path) == ["a", "mine"]


def test_a_folder_that_another_process_makes_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, replace = tmp_path / "out", Path.replace

    def late(self: Path, target: Path) -> Path:
        if target == place:
            (place / "theirs").mkdir(parents=True)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", late)
    with pytest.raises(OSError, match="not empty"), whole_folder(place) as partial:
        write_text(partial / "mine", "mine")
    assert names(tmp_path) == ["out", "theirs"]


@pytest.mark.parametrize("what", ["pipe", "socket", "folder", "device"])
def test_only_a_regular_file_is_opened(tmp_path: Path, what: str) -> None:
    make_irregular(what, tmp_path / "a.json", tmp_path / "aside")
    with pytest.raises(NotRegular):
        read_regular(tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == {}


def test_what_becomes_a_pipe_between_check_and_opening_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a"
    os.mkfifo(place)
    regular = os.stat(__file__)
    monkeypatch.setattr(Path, "stat", lambda self: regular)
    with pytest.raises(NotRegular):
        read_regular(place)


def test_a_link_is_followed_only_above_the_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "real" / "ab" / "a", "x")
    folder = tmp_path / "folder"
    folder.symlink_to(tmp_path / "real")
    assert read_regular(folder / "ab" / "a", folder) == b"x"
    (folder / "cd").symlink_to("ab")
    (folder / "ab" / "b").symlink_to("a")
    for path in (folder / "cd" / "a", folder / "ab" / "b"):
        assert read_regular(path) == b"x"
        with pytest.raises(NotRegular):
            read_regular(path, folder)


def test_folder_replaces_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "out"
    for name in ("a", "b"):
        with whole_folder(place) as partial:
            write_text(partial / name, name)
    assert names(tmp_path) == ["b", "out"]


def test_a_link_to_a_folder_stays_and_the_folder_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "deep" / "real", tmp_path / "link"
    real.mkdir(parents=True)
    link.symlink_to(real)
    with whole_folder(link) as partial:
        write_text(partial / "a", "a")
    assert link.is_symlink()
    assert names(real.parent) == ["a", "real"]


def test_why_something_is_no_file_is_told(tmp_path: Path) -> None:
    file, pipe, socket_file = (tmp_path / name for name in ("file", "pipe", "socket"))
    file.write_text("x")
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_file))
    (tmp_path / "link").symlink_to("nothing")
    for path, says in (
        (file, ""),
        (tmp_path, "is a folder"),
        (pipe, "is not a regular file"),
        (socket_file, "is not a regular file"),
        (tmp_path / "link", "is a link that leads nowhere"),
        (tmp_path / "none", "does not exist"),
        (file / "none", "does not exist"),
        (Path("a\0b"), "does not exist"),
    ):
        assert not_a_file(path).startswith(says)
        assert bool(not_a_file(path)) is bool(says)


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
    "text", ["=1+1", "+1+1", "-1-A1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "＝1"]
)
def test_a_text_that_begins_as_a_formula_is_no_formula_in_a_table(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["P1_L_DM_CC", "a=b", "", -0.5, -3, True, "-0.5", "+3", "-1.5e-07"]
)
def test_other_cells_of_a_table_stay(value: object) -> None:
    assert csv_cell(value) == value
    assert csv_cell(None) == ""

"""Atomic writing of files and folders, and reading of regular files only.

A file or folder is written under a temporary name beside its destination and moved there at the
end: a reader in this or another process sees either the old or the new content, never a part of it.
Every file of the program is written here; ``tests/test_architecture.py`` lists the exceptions.

A temporary name begins with a point and ends with ``.part``, and is locked while it is written.
The operating system ends the lock with the process, also with one that is killed, and it holds
between containers.  :func:`remove_abandoned` removes what nobody holds.
"""

from __future__ import annotations

import csv
import errno
import glob
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from xai_core.errors import BadRequest

_LOCKS = find_spec("fcntl") is not None  # not on Windows, where an open file cannot be removed
if _LOCKS:
    import fcntl

MANIFEST = "manifest.json"
PART = ".part"
"""The suffix of a file or folder that is being written."""
_ABANDONED = 3600.0  # seconds without a change after which a partial file without a lock is removed


# --- Atomic writing ---------------------------------------------------------------------------


@contextmanager
def whole_file(place: Path) -> Iterator[BinaryIO]:
    """A stream to a temporary file beside ``place``, which is moved there if the block succeeds.

    Missing parent folders are made.  An error or Ctrl-C in the block leaves ``place`` unchanged and
    removes the temporary file.  Partial files of ``place`` left by a killed process are removed.

    Raises:
        OSError: ``place`` cannot be written, or the disk is full.
    """
    with whole_files(place) as (stream,):
        yield stream


@contextmanager
def whole_files(*places: Path) -> Iterator[tuple[BinaryIO, ...]]:
    """Streams to several files that belong together: all are moved to their places, or none.

    As :func:`whole_file`; a reader may for a moment find only some of several moved.

    Raises:
        OSError: see :func:`whole_file`.
    """
    targets = [place.absolute() for place in places]
    with _partials(targets, _new_file) as (partials, locks):
        with ExitStack() as stack:
            streams = [stack.enter_context(os.fdopen(os.dup(lock), "wb")) for lock in locks]
            yield tuple(streams)
            for stream in streams:
                stream.flush()
                os.fsync(stream.fileno())  # some file systems tell only now that they are full
        if not _LOCKS:
            _close(locks)
        _move(partials, targets)


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """A temporary folder beside ``place``; it is moved to ``place`` if the block succeeds.  Where
    ``place`` is a link to a folder, that folder is written and the link stays.

    An error or Ctrl-C in the block leaves ``place`` unchanged and removes the temporary folder.
    Partial folders of ``place`` left by a killed process are removed.

    Raises:
        OSError: ``place`` cannot be written, or the disk is full.
    """
    place = place.resolve() if place.is_dir() else place.absolute()
    with _partials([place], _new_folder) as (partials, _):
        yield partials[0]
        _move(partials, [place])


def write_bytes(place: Path, data: bytes | memoryview) -> None:
    """Write a file atomically.

    Raises:
        OSError: see :func:`whole_file`.
    """
    with whole_file(place) as stream:
        stream.write(data)


def write_text(place: Path, text: str) -> None:
    """Write a file in UTF-8, atomically; lines end as they do in ``text``.

    Raises:
        OSError: see :func:`whole_file`.
    """
    write_bytes(place, text.encode("utf-8"))


def write_json(place: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically.

    Raises:
        OSError: see :func:`whole_file`.
        ValueError: a number is not finite.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(place, text + "\n")


# What a spreadsheet calculates: four signs, their full-width forms, and two blanks before them.
_FORMULA = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


def csv_cell(value: Any) -> Any:
    """A value as the cell of a CSV table: None is empty, and a text that a spreadsheet would take
    for a formula gets an apostrophe before it (CWE-1236).  Numbers stay, also as text."""
    if value is None:
        return ""
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def write_csv(place: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV in UTF-8, atomically; see :func:`csv_cell`.

    Raises:
        OSError: see :func:`whole_file`.
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(map(csv_cell, row) for row in rows)
    write_text(place, text.getvalue())


@contextmanager
def writing(out: Path, option: str = "--out") -> Iterator[None]:
    """Turns an error of the operating system in the block into a sentence about ``out``, the place
    that the user gave with ``option``.

    Raises:
        BadRequest: the block raised OSError.
    """
    try:
        yield
    except OSError as problem:
        raise BadRequest(
            f"{out.name} cannot be written ({problem.strerror or type(problem).__name__}); "
            f"give another place with {option}."
        ) from problem


# --- Partial files ----------------------------------------------------------------------------


def remove_abandoned(partials: Iterable[Path]) -> None:
    """Remove partial files and folders whose process has ended.

    One that is locked is being written and stays.  One without a lock was abandoned if this machine
    made it.  Of another machine, or where the file system has no locks, it is taken as abandoned
    after an hour without a change: locks of another machine are not seen on every file system.
    """
    with suppress(OSError):
        for path in partials:
            with suppress(OSError):
                _remove_if_abandoned(path)


def _remove_if_abandoned(path: Path) -> None:
    kind = path.lstat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return  # not made here
    if not _LOCKS:
        if path.lstat().st_mtime < time.time() - _ABANDONED:
            _discard(path)
        return
    # Network file systems lock only what is open for writing; a folder cannot be.
    access = os.O_RDONLY if stat.S_ISDIR(kind) else os.O_RDWR
    descriptor = os.open(path, access | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        made_here = _machine() != "" and path.name.split(".")[-2].startswith(_machine())
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            made_here = False  # no locks here: only its age tells
        if made_here or os.fstat(descriptor).st_mtime < time.time() - _ABANDONED:
            _discard(path)  # while it is locked, see _hold
    finally:
        os.close(descriptor)


@contextmanager
def _partials(
    targets: Sequence[Path], make: Callable[[Path], int | None]
) -> Iterator[tuple[list[Path], list[int]]]:
    """A locked partial file or folder beside each of ``targets``, and the descriptors that hold the
    locks.  In the end what is left of them is removed, as are those of killed processes; after an
    error also the parent folders made here."""
    missing = [parent for place in targets for parent in _missing_parents(place)]
    made: list[Path] = []
    locks: list[int] = []
    try:
        for place in targets:
            place.parent.mkdir(parents=True, exist_ok=True)
            _hold(place, make, made, locks)
        yield made, locks
    except BaseException:
        for partial in made:
            _discard(partial)
        _remove_empty(missing)
        raise
    finally:
        _close(locks)
    for place in targets:
        remove_abandoned(place.parent.glob(f".{glob.escape(place.name)}.*{PART}"))


def _hold(
    place: Path, make: Callable[[Path], int | None], made: list[Path], locks: list[int]
) -> None:
    """Make a partial file or folder of ``place`` and lock it; adds to ``made`` and ``locks``."""
    while True:
        partial = _temporary_name(place)
        made.append(partial)  # first, so that it is removed whatever happens
        descriptor = make(partial)
        if descriptor is None:
            return
        locks.append(descriptor)
        if not _LOCKS:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_held = partial.exists()
        except BlockingIOError:
            is_held = False
        except OSError:  # a file system without locks
            is_held = True
        if is_held:
            return
        # Another process took it as abandoned before it was locked, and has removed it or is about
        # to.
        os.close(locks.pop())
        _discard(made.pop())


def _new_file(partial: Path) -> int:
    binary = getattr(os, "O_BINARY", 0)  # Windows
    return os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | binary, 0o666)


def _new_folder(partial: Path) -> int | None:
    partial.mkdir()
    return os.open(partial, os.O_RDONLY) if _LOCKS else None


def _temporary_name(place: Path) -> Path:
    """A hidden, random name beside ``place``, with the machine's tag.  Not from the process number:
    processes in two containers that share a folder may have the same one."""
    return place.with_name(f".{place.name}.{_machine()}{secrets.token_hex(4)}{PART}")


@cache
def _machine() -> str:
    """A tag of the running operating system, equal in all containers on it and another one after a
    restart; "" where it has no such name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(boot).hexdigest()[:8] + "-"


def _move(partials: Sequence[Path], targets: Sequence[Path]) -> None:
    """Move ``partials`` to ``targets``, all or none."""
    if len(partials) == 1 and not targets[0].is_dir():
        partials[0].replace(targets[0])
        return
    moved: list[tuple[Path, Path | None]] = []
    try:
        for partial, place in zip(partials, targets, strict=True):
            if partial.is_file() and place.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place.name)
            old = _temporary_name(place) if place.exists() else None
            moved.append((place, old))
            if old is not None:
                place.replace(old)
            partial.replace(place)
    except BaseException:
        for partial, (place, old) in reversed(list(zip(partials, moved, strict=False))):
            if not partial.exists():  # it was moved
                _discard(place)
            if old is not None and old.exists():
                with suppress(OSError):  # another process has written the place meanwhile
                    old.replace(place)
        raise
    olds = [old for _, old in moved if old is not None]
    try:
        for old in olds:
            _discard(old)
    except BaseException:  # Ctrl-C
        for old in olds:
            _discard(old)
        raise


def _discard(path: Path) -> None:
    """Remove a file or a folder with its content; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _close(locks: list[int]) -> None:
    while locks:
        with suppress(OSError):
            os.close(locks.pop())


def _missing_parents(place: Path) -> list[Path]:
    return [parent for parent in place.parents if not parent.exists()]


def _remove_empty(folders: list[Path]) -> None:
    """Remove parent folders made by this call, the innermost first; one that is in use stays."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


# --- Reading ----------------------------------------------------------------------------------


MISSING = "does not exist"  # what not_a_file says of it


class NotRegular(OSError):  # internal
    """What has the name of a file is a pipe, a device, a socket, a folder, or behind a link."""


def read_regular(path: Path, inside: Path | None = None) -> bytes:
    """The bytes of a regular file; nothing else is opened, since opening a pipe may never return.

    ``inside``: the folder that the file belongs to; it may be a link itself, but ``path`` must not
    lead through a link below it, which could lead out of it.

    Raises:
        NotRegular: it is no regular file, or behind a link below ``inside``.
        OSError: it is missing or cannot be read.
    """
    if inside is not None:
        refuse_links(path, inside)
    if not stat.S_ISREG(path.stat().st_mode):  # before opening: opening a device may change it
        raise _not_regular(path)
    flags = 0
    for name in ("O_NONBLOCK", "O_BINARY", *(("O_NOFOLLOW",) if inside else ())):
        flags |= getattr(os, name, 0)  # Windows lacks some, others have no O_BINARY
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # replaced meanwhile
            raise _not_regular(path)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        os.close(descriptor)


def is_own_file(path: Path, inside: Path) -> bool:
    """Whether ``path`` is a regular file of the folder ``inside``, see :func:`read_regular`."""
    try:
        refuse_links(path, inside)
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def refuse_links(path: Path, inside: Path) -> None:
    """Check that ``path`` leads through no link below ``inside``; it need not exist.

    Raises:
        NotRegular: it does.
    """
    step = inside
    for part in path.relative_to(inside).parts:
        step = step / part
        if step.is_symlink():
            raise _not_regular(path)


def _not_regular(path: Path) -> NotRegular:
    return NotRegular(errno.EINVAL, "not a regular file", path.name)


def not_a_file(path: Path) -> str:
    """Why ``path`` is no regular file, as the end of a sentence about it; "" where it is one."""
    try:
        kind = path.stat().st_mode
    except (OSError, ValueError) as problem:  # ValueError: a NUL byte
        if getattr(problem, "errno", None) == errno.ENAMETOOLONG:
            return "has a name that is too long"
        try:
            link = path.is_symlink()
        except (OSError, ValueError):
            link = False
        return "is a link that leads nowhere" if link else MISSING
    if stat.S_ISREG(kind):
        return ""
    if stat.S_ISDIR(kind):
        return "is a folder"
    return "is not a regular file (it is a pipe, a socket or a device)"


def read_json(path: Path, inside: Path | None = None) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing, damaged or holds no object, or is
    not regular (``inside``: see :func:`read_regular`)."""
    try:
        found = json.loads(read_regular(path, inside).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

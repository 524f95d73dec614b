"""Atomic writing of files and folders, and the check of a command's output folder.

A file or folder is written under a temporary name beside its destination and moved there at the
end: a reader in this or another process sees either the old or the new content, never a part of it.

A command's output folder may be replaced only where it is empty or holds an earlier result of the
same command (:func:`check_folder`).
"""

from __future__ import annotations

import glob
import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from xai_core.errors import BadRequest, OutputExists

MANIFEST = "manifest.json"
PART = ".part"
"""The suffix of a file or folder that is being written."""
_ABANDONED = 3600.0  # seconds after which a partial file belongs to a process that was killed


# --- Atomic writing ---------------------------------------------------------------------------


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """A temporary file name beside ``place``; the file is moved to ``place`` if the block succeeds.

    Missing parent folders are made.  An error or Ctrl-C in the block leaves ``place`` unchanged and
    removes the temporary file.  Partial files of ``place`` left by a killed process are removed.

    Raises:
        OSError: ``place`` cannot be written, or the disk is full.
    """
    place = place.absolute()
    made = _missing_parents(place)
    partial = _temporary_name(place, PART)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(place)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        _remove_empty(made)
        raise
    remove_abandoned(place.parent.glob(f".{glob.escape(place.name)}.*{PART}"))


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """A temporary folder beside ``place``; it is moved to ``place`` if the block succeeds.

    An error or Ctrl-C in the block leaves ``place`` unchanged and removes the temporary folder.

    Raises:
        OSError: ``place`` cannot be written, or the disk is full.
    """
    place = place.absolute()
    made = _missing_parents(place)
    partial = _temporary_name(place, PART)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        _move_folder(partial, place)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_empty(made)
        raise


def write_bytes(place: Path, data: bytes) -> None:
    """Write a file atomically.

    Raises:
        OSError: see :func:`whole_file`.
    """
    with whole_file(place) as partial:
        partial.write_bytes(data)


def write_text(place: Path, text: str) -> None:
    """Write a file in UTF-8, atomically.

    Raises:
        OSError: see :func:`whole_file`.
    """
    with whole_file(place) as partial:
        partial.write_text(text, encoding="utf-8")


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


def csv_cell(value: Any) -> Any:
    """A value as the cell of a CSV table: None is empty, and a text that a spreadsheet would take
    for a formula gets an apostrophe before it (CWE-1236).  Numbers stay as they are."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing, damaged or holds no object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turns an error of the operating system in the block into a sentence about ``out``, the place
    that the user gave with --out.

    Raises:
        BadRequest: the block raised OSError.
    """
    try:
        yield
    except OSError as problem:
        raise BadRequest(
            f"{out.name} cannot be written ({problem.strerror or type(problem).__name__}); "
            "give another place with --out."
        ) from problem


def remove_abandoned(partials: Iterable[Path]) -> None:
    """Remove partial files of killed processes, recognised by their age; a file that is being
    written now is newer."""
    oldest = time.time() - _ABANDONED
    for path in partials:
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _temporary_name(place: Path, suffix: str) -> Path:
    """A hidden, random name beside ``place``.  Not from the process number: processes in two
    containers that share a folder may have the same one."""
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}{suffix}")


def _move_folder(partial: Path, place: Path) -> None:
    """Move ``partial`` to ``place``; the old folder is removed only after the move succeeded."""
    old = _temporary_name(place, ".old")
    if place.exists():
        place.replace(old)
    try:
        partial.replace(place)
    except OSError:
        if old.exists():
            old.replace(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _missing_parents(place: Path) -> list[Path]:
    return [parent for parent in place.parents if not parent.exists()]


def _remove_empty(folders: list[Path]) -> None:
    """Remove parent folders made by this call, the innermost first; one that is in use stays."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


# --- A command's output folder ----------------------------------------------------------------


def check_folder(
    out: Path,
    made_by: str,
    request: Mapping[str, Any],
    is_own_file: Callable[[str], bool],
    *,
    force: bool,
) -> None:
    """Check that ``out`` is missing, empty, or holds an earlier result of the same request.

    Args:
        out: the folder to write.  An earlier result is recognised by ``made_by`` and ``request`` in
            its ``manifest.json``.
        made_by: the command's name in its manifests.
        request: the parameters, as JSON values; with ``force`` they may differ.
        is_own_file: whether the command writes a file of this name; a folder with any other file is
            never replaced, not even with ``force``.
        force: replace the result of another request.

    Raises:
        OutputExists: ``out`` is a file, holds other files, or the result of another request.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputExists(f"--out names {out.name}, which is a file; give a folder.")
    names = sorted(path.name for path in out.iterdir())
    if not names:
        return
    manifest = read_json(out / MANIFEST)
    if manifest.get("made_by") != made_by:
        raise OutputExists(
            f"The folder {out.name} holds other files, for example {names[0]}; give a new or an "
            "empty folder with --out."
        )
    foreign = [name for name in names if not is_own_file(name)]
    if foreign:
        raise OutputExists(
            f"The folder {out.name} holds {foreign[0]}, which this command did not write; move it "
            "away or give another folder with --out."
        )
    if not force and manifest.get("request") != json.loads(json.dumps(request)):
        raise OutputExists(
            f"The folder {out.name} holds the result of another request; give another folder with "
            "--out, or --force to replace it."
        )

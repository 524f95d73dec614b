"""Files and folders that are whole or absent, and what a command may replace.

Files and folders that are whole or absent: made beside their place and moved there at the end.

A reader in this or another process sees what was there before or the new one, never half of one.

What a command may replace: an empty folder, or an earlier result of its own."""

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

PART = ".part"
"""How the name of what is being written ends."""
_ABANDONED = 3600.0  # seconds after which a partial file belongs to a process that was killed


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """A temporary file name beside ``place`` that takes its place if the block ends well.

    Folders on the way are made.  An error or Ctrl-C in the block leaves ``place`` as it was and
    nothing beside it.  Partial files of ``place`` that a killed process left behind are removed.

    Raises:
        OSError: the place cannot be written, or the disk is full.
    """
    place = place.absolute()
    made = _missing_parents(place)
    partial = _second_curve(place, PART)
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
    """A temporary folder beside ``place`` that takes its place if the block ends well.

    An error or Ctrl-C in the block leaves ``place`` as it was and nothing beside it.

    Raises:
        OSError: the place cannot be written, or the disk is full.
    """
    place = place.absolute()
    made = _missing_parents(place)
    partial = _second_curve(place, PART)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        _take_place(partial, place)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_empty(made)
        raise


def write_bytes(place: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        OSError: see :func:`whole_file`.
    """
    with whole_file(place) as partial:
        partial.write_bytes(data)


def write_text(place: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all.

    Raises:
        OSError: see :func:`whole_file`.
    """
    with whole_file(place) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(place: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all.

    Raises:
        OSError: see :func:`whole_file`.
        ValueError: a number is not finite.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(place, text + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Says in a sentence that ``out``, which a user named with --out, cannot be written.

    Raises:
        BadRequest: the block met an error of the operating system.
    """
    try:
        yield
    except OSError as problem:
        raise BadRequest(
            f"{out.name} cannot be written ({problem.strerror or type(problem).__name__}); "
            "give another place with --out."
        ) from problem


def remove_abandoned(partials: Iterable[Path]) -> None:
    """Remove partial files of processes that were killed; those of living ones are young."""
    oldest = time.time() - _ABANDONED
    for path in partials:
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _second_curve(place: Path, suffix: str) -> Path:
    """A hidden name of its own: processes in two containers may well have the same number."""
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}{suffix}")


def _take_place(partial: Path, place: Path) -> None:
    """Move ``partial`` to ``place``; what was there goes only once the new is in its place."""
    old = _second_curve(place, ".old")
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
    """Remove folders made on the way, the innermost first; one that is in use stays."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


MANIFEST = "manifest.json"


def check_folder(
    out: Path,
    made_by: str,
    request: Mapping[str, Any],
    mine: Callable[[str], bool],
    *,
    force: bool,
) -> None:
    """Refuse to replace anything but an earlier result of the same request.

    Args:
        out: the folder to write; it may be missing, empty, or hold an earlier result, known by its
            ``manifest.json`` with ``made_by`` and ``request``.
        made_by: the command's name in its manifests.
        request: the parameters, as JSON values; with ``force`` they may differ.
        mine: whether a file of this name is the command's; a folder with any other file is never
            replaced, not even with ``force``.
        force: replace the result of another request.

    Raises:
        OutputExists: ``out`` is a file, holds something else, or the result of another request.
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
    foreign = [name for name in names if not mine(name)]
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

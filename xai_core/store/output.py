"""Results that are whole or absent: made beside their place and moved there at the end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from xai_core.errors import BadRequest


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside ``out`` that takes its place if the block ends well.

    An error or Ctrl-C in the block leaves ``out`` as it was and nothing beside it.

    Raises:
        BadRequest: the place cannot be written.
    """
    out = out.absolute()
    made = [parent for parent in out.parents if not parent.exists()]
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            partial.mkdir()
            yield partial
            _take_place(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_empty(made)
        raise


def _take_place(partial: Path, out: Path) -> None:
    """Move ``partial`` to ``out``; what was there goes only once the new is in its place."""
    old = out.with_name(f".{out.name}.{os.getpid()}.old")
    if out.exists():
        out.replace(old)
    try:
        partial.replace(out)
    except OSError:
        if old.exists():
            old.replace(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A temporary file name beside ``out`` that takes its place if the block ends well.

    Raises:
        BadRequest: the place cannot be written.
    """
    out = out.absolute()
    made = [parent for parent in out.parents if not parent.exists()]
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            partial.replace(out)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        _remove_empty(made)
        raise


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders made on the way, the innermost first; one that is in use stays."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Says in a sentence that ``out`` cannot be written.

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


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON; a number that is not finite is an error of ours."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

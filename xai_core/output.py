"""Checks of the file or folder that a command is to write, before it works.

A folder may be replaced only where it is empty or holds an earlier result of the same command
(:func:`check_folder`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xai_core.errors import BadRequest, OutputExists
from xai_core.files import MANIFEST, MISSING, not_a_file, read_json


def check_parent(out: Path, option: str = "--out") -> None:
    """Check that ``out`` can be made: that the nearest of its parent folders that exists is a
    folder and can be written.

    Raises:
        BadRequest: it is not, or cannot.
    """
    for parent in out.absolute().parents:
        fault = not_a_file(parent)
        if fault == MISSING:
            continue
        if fault != "is a folder":
            fault = fault or "is a file, not a folder"
        elif os.access(parent, os.W_OK | os.X_OK):
            return
        else:
            fault = "is a folder that cannot be written"
        raise BadRequest(
            f"{out.name} cannot be written: {parent.name or parent} {fault}; give another place "
            f"with {option}."
        )


def shown_name(path: Path) -> str:
    """The name of a file or folder for a sentence; of "." and ".." that of the folder meant."""
    if path.name.strip("."):
        return path.name
    return path.resolve().name or str(path.resolve())


def check_file(
    out: Path,
    *,
    force: bool,
    option: str = "--out",
    own: str = "",
    is_own: Callable[[Path], bool] | None = None,
) -> None:
    """Check that the file ``out`` may be written: that it is missing, or one that may be replaced.

    Args:
        out: the file to write.
        force: replace any file, and a link.
        option: what the user gave it with.
        own: what the command's own files are, in words, if it replaces them.
        is_own: whether an existing file is one.

    Raises:
        BadRequest: see :func:`check_parent`.
        OutputExists: it is a folder, a pipe or the like; or, without ``force``, a link or a file
            that is not the command's own.
    """
    check_parent(out, option)
    fault = not_a_file(out)
    if out.is_symlink() and fault != "is a folder":
        if not force:
            raise OutputExists(
                f"{option} names {out.name}, which is a link; give the file that it leads to, or "
                "--force to replace the link."
            )
    elif fault not in ("", MISSING):
        raise OutputExists(f"{option} names {out.name}, which {fault}; give a file.")
    elif not fault and not force and not (is_own and is_own(out)):
        raise OutputExists(
            f"{out.name} exists{f' and is not {own}' if own else ''}; give another name with "
            f"{option}, or --force to replace it."
        )


def check_is_folder(out: Path) -> None:
    """Check that ``out`` is a folder, or missing and can be made.

    Raises:
        BadRequest: see :func:`check_parent`.
        OutputExists: it is anything else.
    """
    check_parent(out)
    fault = not_a_file(out) or "is a file"
    if fault not in ("is a folder", MISSING):
        raise OutputExists(f"--out names {shown_name(out)}, which {fault}; give a folder.")


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
        BadRequest: ``out`` cannot be written.
        OutputExists: ``out`` is a file, holds other files, or the result of another request.
    """
    check_is_folder(out)
    if not out.exists():
        return
    names = sorted(path.name for path in out.iterdir())
    if not names:
        return
    name, manifest = shown_name(out), read_json(out / MANIFEST)
    if manifest.get("made_by") != made_by:
        raise OutputExists(
            f"The folder {name} holds other files, for example {names[0]}; give a new or an "
            "empty folder with --out."
        )
    foreign = [one for one in names if not is_own_file(one)]
    if foreign:
        raise OutputExists(
            f"The folder {name} holds {foreign[0]}, which this command did not write; move it "
            "away or give another folder with --out."
        )
    if not force and manifest.get("request") != json.loads(json.dumps(request)):
        raise OutputExists(
            f"The folder {name} holds the result of another request; give another folder with "
            "--out, or --force to replace it."
        )

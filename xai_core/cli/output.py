"""What a command may replace: an empty folder, or an earlier result of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xai_core.errors import OutputExists
from xai_core.files import read_json

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

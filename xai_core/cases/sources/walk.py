"""The files of a folder and its subfolders, within limits, and what was left out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from xai_core.cases.base import first_few, printable
from xai_core.cases.readers.limits import kind_of_file
from xai_core.list_text import counted

MAX_DEPTH = 32  # levels of folders; deeper ones were probably made by mistake
_SYSTEM = re.compile(r"^(desktop\.ini$|thumbs\.db$|dicomdir$|~\$)", re.IGNORECASE)


@dataclass
class Walk:
    """``files``: in natural order, the files of a folder before those of its subfolders.
    ``folders``: the names of the subfolders.  ``cut``: whether there were more files than allowed.
    ``notes``: sentences about what was left out, files over the limit excepted; ``unopened``: the
    one about folders that cannot be opened, "" where there is none."""

    files: list[Path] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    cut: bool = False
    notes: list[str] = field(default_factory=list)
    unopened: str = ""


def walk(root: Path, *, max_files: int, max_depth: int = MAX_DEPTH) -> Walk:
    """List a folder.  Links to folders are followed, each folder once, so that a circle ends.

    Left out are hidden files and folders (whose names begin with a dot) and files of the operating
    system and of office programs; hidden files that are pictures are named.
    """
    found = Walk()
    unreadable, deep, hidden = [], [], []
    seen: set[tuple[int, int]] = set()
    waiting = [(root, 0)]
    while waiting and not found.cut:
        folder, depth = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: natural(entry.name))
        except OSError:  # no permission, or too long a path
            unreadable.append(printable(folder.name))
            continue
        seen.add((status.st_dev, status.st_ino))
        inner = []
        for entry in listed:
            path = folder / entry.name
            is_folder = _is_folder(entry)
            if _SYSTEM.match(entry.name):
                continue
            if entry.name.startswith("."):
                if is_folder or kind_of_file(path):
                    hidden.append(printable(entry.name))
            elif not is_folder:
                found.files.append(path)
            elif depth >= max_depth:
                deep.append(printable(entry.name))
            else:
                found.folders.append(entry.name)
                inner.append((path, depth + 1))
        waiting += reversed(inner)
        found.cut = len(found.files) > max_files or len(seen) > max_files
    del found.files[max_files:]
    for names, one, several in (
        (unreadable, "folder cannot be opened, and was", "folders cannot be opened, and were"),
        (
            deep,
            f"folder is more than {max_depth} levels deep, and was",
            f"folders are more than {max_depth} levels deep, and were",
        ),
        (hidden, "hidden folder or picture was", "hidden folders or pictures were"),
    ):
        if names:
            words = counted(len(names), one, several)
            found.notes.append(f"{words} left out: {first_few(names)}.")
            if names is unreadable:
                found.unopened = found.notes[-1]
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key that orders ``p9`` before ``p10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(p[:4000]), "") if p[0] in "0123456789" else (1, 0, p) for p in parts]

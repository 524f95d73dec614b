"""Room on the disk: the scorebooks used longest ago go when a folder holds more than its limit.

Several processes may share the folder: a book that is gone when its turn comes was removed by
another one, and a book that was read or written meanwhile stays.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from xai_core.store.book_file import PARTS, books_in

_ABANDONED = 3600.0  # seconds after which a half-written file belongs to a process that was killed


def make_room(folder: Path, limit: int, keep: Path) -> int:
    """Remove books, the one used longest ago first, until at most ``limit`` bytes are left.

    Args:
        folder: the folder of books; what else lies in it neither counts nor goes.
        limit: bytes.
        keep: the book written last; it stays even where it alone is larger than the limit.

    Returns:
        How many books were removed.
    """
    _remove_abandoned(folder)
    found = [(path, seen) for path in books_in(folder) if (seen := _look(path)) is not None]
    total = sum(seen.st_size for _, seen in found)
    removed = 0
    for path, seen in sorted(found, key=lambda book: book[1].st_mtime_ns):
        if total <= limit:
            break
        if path == keep:
            continue
        now = _look(path)
        if now is not None and now.st_mtime_ns != seen.st_mtime_ns:
            continue  # used while we looked
        if now is not None:
            try:
                path.unlink()
            except FileNotFoundError:
                pass  # another process was faster
            except OSError:
                continue  # in use (Windows), or not ours to remove
            else:
                removed += 1
        total -= seen.st_size
    return removed


def _remove_abandoned(folder: Path) -> None:
    """Remove half-written files of processes that were killed; those of living ones are young."""
    oldest = time.time() - _ABANDONED
    for path in folder.glob(PARTS):
        seen = _look(path)
        if seen is not None and seen.st_mtime < oldest:
            try:
                path.unlink()
            except OSError:
                continue


def _look(path: Path) -> os.stat_result | None:
    """The file's size and times; None where it is gone."""
    try:
        return path.stat()
    except OSError:
        return None

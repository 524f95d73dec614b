"""Room on the disk: the scorebooks used longest ago go when a folder holds more than its limit.

Several processes may share the folder: a book that is gone when its turn comes was removed by
another one, and a book that was read or written meanwhile stays.
"""

from __future__ import annotations

import os
from pathlib import Path

from xai_core.files import remove_abandoned
from xai_core.store.book_file import PARTS, books_in


def make_room(folder: Path, limit: int, keep: Path) -> int:
    """Remove books, the one used longest ago first, until at most ``limit`` bytes are left.

    Args:
        folder: the folder of books; what else lies in it neither counts nor goes.
        limit: bytes.
        keep: the book written last; it stays even where it alone is larger than the limit.

    Returns:
        How many books were removed.
    """
    remove_abandoned(folder.glob(PARTS))
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


def _look(path: Path) -> os.stat_result | None:
    """The file's size and times; None where it is gone."""
    try:
        return path.stat()
    except OSError:
        return None

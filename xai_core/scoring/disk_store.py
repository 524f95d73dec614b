"""Logit caches on disk, kept within a limit.

Room on the disk: the scorebooks used longest ago go when a folder holds more than its limit.

Several processes may share the folder: a book that is gone when its turn comes was removed by
another one, and a book that was read or written meanwhile stays.

What was scored once is never scored again, in this process or the next: one file per (image,
weights, baseline), see :mod:`xai_core.scoring.cache_file`.  Precomputed results are read first, and
never written; what is scored beyond them goes to the store's own folder.  Damage and a full disk
cost time, never an answer, and are told once."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xai_core.files import remove_abandoned
from xai_core.scoring.cache_file import (
    PARTS,
    Notices,
    cache_file_name,
    cache_files_in,
    decode,
    write_cache_file,
)
from xai_core.scoring.precomputed import PrecomputedResults
from xai_core.settings import Settings
from xai_core.types import FloatArray


def evict(folder: Path, limit: int, keep: Path) -> int:
    """Remove books, the one used longest ago first, until at most ``limit`` bytes are left.

    Args:
        folder: the folder of books; what else lies in it neither counts nor goes.
        limit: bytes.
        keep: the book written last; it stays even where it alone is larger than the limit.

    Returns:
        How many books were removed.
    """
    remove_abandoned(folder.glob(PARTS))
    found = [(path, seen) for path in cache_files_in(folder) if (seen := _look(path)) is not None]
    total = sum(seen.st_size for _, seen in found)
    removed = 0
    for path, seen in sorted(found, key=lambda logit_cache: logit_cache[1].st_mtime_ns):
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


_DAMAGED = "Scores kept for an image are damaged and not used; they are computed again."
_LOOKS = 64  # how often the folder's size is looked at while as much as the limit is written


class DiskStore:
    """A folder of scorebooks, by content key (hex).  Thread-safe; several processes may share it.

    Attributes:
        problem: why the last book could not be kept; None where it was.
        removed: how many books this process removed to stay within the limit.
    """

    def __init__(
        self, folder: Path, limit: int | None = None, precomputed: PrecomputedResults | None = None
    ) -> None:
        """
        Args:
            folder: made when the first book is kept.
            limit: bytes of books in it; None for no limit.  Each process looks again after a 64th
                of it was written, so that it is exceeded by no more than that.
            precomputed: results that were computed before; None for none.
        """
        self.folder = folder
        self.problem: str | None = None
        self.removed = 0
        self._limit, self._precomputed = limit, precomputed
        self._remarks = Notices()
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_Mark, int]] = {}  # key -> the file, and how many items it had
        self._written = limit or 0  # bytes since the folder was looked at; at the first book, look

    def load(self, key: str) -> dict[str, FloatArray]:
        """What is known under ``key``: name of the perturbed image -> logits (K,).

        A damaged book is as good as absent; :meth:`remarks` says so.
        """
        path = self.folder / cache_file_name(key)
        mark = _mark(path)
        found = self._read(path)
        if found:
            with suppress(OSError):  # a folder that cannot be written has no need of it
                os.utime(path)  # used now: of all books it is the last to go
        if self._precomputed is not None:
            found = {**self._precomputed.load(key), **found}
        with self._lock:
            self._seen[key] = mark, len(found)
        return found

    def _read(self, path: Path) -> dict[str, FloatArray]:
        try:
            return decode(path.read_bytes())
        except OSError:  # absent, removed by another process, or not ours to read
            return {}
        except ValueError:
            self._remarks.say(_DAMAGED, path.name)
            return {}

    def save(self, key: str, items: Mapping[str, FloatArray]) -> bool:
        """Keep ``items`` under ``key``; False where the folder cannot be written.

        A full or read-only disk costs the memory of the next start, never the answer of this one.
        What another process kept under ``key`` meanwhile stays in the book.
        """
        path = self.folder / cache_file_name(key)
        with self._lock:
            if not items or self._seen.get(key) == (_mark(path), len(items)):
                return True
            try:
                self._written += write_cache_file(path, {**self._read(path), **items})
            except OSError as problem:
                self.problem = problem.strerror or type(problem).__name__
                self._remarks.say(
                    f"Scores cannot be kept ({self.problem}): results are shown as always, but the "
                    "next start computes them again; free some space, or name another folder with "
                    "XAI_STORE."
                )
                return False
            self.problem = None
            self._seen[key] = _mark(path), len(items)
            if self._limit is not None and self._written >= self._limit / _LOOKS:
                self._written = 0
                with suppress(OSError):  # somebody empties the folder: there is room
                    self.removed += evict(self.folder, self._limit, keep=path)
            return True

    def notices(self) -> tuple[str, ...]:
        """What went wrong so far, each in a sentence fit to be shown as it is."""
        return self._remarks.said() + (self._precomputed.notices() if self._precomputed else ())


_Mark = tuple[int, int] | None


def _mark(path: Path) -> _Mark:
    """What tells a file from the one that takes its place; None where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size  # not its times: reading changes them


def open_disk_store(settings: Settings, weights: str) -> DiskStore:
    """The store and the precomputed results that the settings name; ``weights``: SHA-256, hex."""
    return DiskStore(
        settings.store, settings.store_limit, PrecomputedResults(settings.precomputed, weights)
    )

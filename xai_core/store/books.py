"""Scorebooks on disk: what was scored once is never scored again, in this process or the next.

One file per (image, weights, baseline), see :mod:`xai_core.store.book_file`.  Ready results are
read first, and never written; what is scored beyond them goes to the store's own folder.  Damage
and a disk that is full cost time, never an answer, and are said once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xai_core.settings import Settings
from xai_core.store.book_file import book_name, decode, write_book
from xai_core.store.ready import ReadyBooks
from xai_core.store.remarks import Remarks
from xai_core.store.room import make_room
from xai_core.types import FloatArray

_DAMAGED = "Scores kept for an image are damaged and not used; they are computed again."
_LOOKS = 64  # how often the folder's size is looked at while as much as the limit is written


class BookStore:
    """A folder of scorebooks, by content key (hex).  Thread-safe; several processes may share it.

    Attributes:
        problem: why the last book could not be kept; None where it was.
        removed: how many books this process removed to stay within the limit.
    """

    def __init__(
        self, folder: Path, limit: int | None = None, ready: ReadyBooks | None = None
    ) -> None:
        """
        Args:
            folder: made when the first book is kept.
            limit: bytes of books in it; None for no limit.  Each process looks again after a 64th
                of it was written, so that it is exceeded by no more than that.
            ready: results that were computed before; None for none.
        """
        self.folder = folder
        self.problem: str | None = None
        self.removed = 0
        self._limit, self._ready = limit, ready
        self._remarks = Remarks()
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_Mark, int]] = {}  # key -> the file, and how many items it had
        self._written = limit or 0  # bytes since the folder was looked at; at the first book, look

    def load(self, key: str) -> dict[str, FloatArray]:
        """What is known under ``key``: name of the perturbed image -> logits (K,).

        A damaged book is as good as absent; :meth:`remarks` says so.
        """
        path = self.folder / book_name(key)
        mark = _mark(path)
        found = self._read(path)
        if found:
            with suppress(OSError):  # a folder that cannot be written has no need of it
                os.utime(path)  # used now: of all books it is the last to go
        if self._ready is not None:
            found = {**self._ready.load(key), **found}
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
        path = self.folder / book_name(key)
        with self._lock:
            if not items or self._seen.get(key) == (_mark(path), len(items)):
                return True
            try:
                self._written += write_book(path, {**self._read(path), **items})
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
                    self.removed += make_room(self.folder, self._limit, keep=path)
            return True

    def remarks(self) -> tuple[str, ...]:
        """What went wrong so far, each in a sentence fit to be shown as it is."""
        return self._remarks.said() + (self._ready.remarks() if self._ready else ())


_Mark = tuple[int, int] | None


def _mark(path: Path) -> _Mark:
    """What tells a file from the one that takes its place; None where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size  # not its times: reading changes them


def open_books(settings: Settings, weights: str) -> BookStore:
    """The store the settings describe, with the ready results of the weights (SHA-256, hex)."""
    return BookStore(settings.store, settings.store_limit, ReadyBooks(settings.ready, weights))

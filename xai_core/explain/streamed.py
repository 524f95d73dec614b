"""Work that grows item by item in a thread of its own, for pages that poll.

The service's jobs are explanations; what a page streams besides (the channels of a block) runs
here.  Work that nobody asks for any more stops after its next item.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import LRUCache

from xai_core.errors import XaiError

Item = TypeVar("Item")
_LEASE = 8.0  # seconds work goes on after it was last asked for
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Growth(Generic[Item]):
    """``latest``: the last item, None before the first one.  ``running``: whether more may come.
    ``error``: why it ended early, in a sentence.  ``stopped``: whether it was ended by hand."""

    latest: Item | None
    running: bool
    error: str = ""
    stopped: bool = False


class _Work(Generic[Item]):
    def __init__(self) -> None:
        self.latest: Item | None = None
        self.error = ""
        self.ended = False
        self.lapsed = False  # ended since nobody asked for it
        self.stopped = False  # by hand
        self.until = 0.0


class Streamed(Generic[Item]):
    """Runs iterators, one thread for each key, and keeps their last items.  Thread-safe.

    ``kept``: how many keys' results are kept; the least recently used one is dropped.
    """

    def __init__(self, kept: int = 16, lease: float = _LEASE) -> None:
        self._works: LRUCache[Hashable, _Work[Item]] = LRUCache(kept)
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # one at a time: they share the processor
        self._lease = lease

    def ask(self, key: Hashable, begin: Callable[[], Iterator[Item]]) -> Growth[Item]:
        """What is known for ``key``; starts its work, or starts it anew where it had lapsed.

        Args:
            key: equal keys share their work.
            begin: makes the iterator; called in the work's thread.
        """
        with self._lock:
            work = self._works.get(key)
            if work is None or (work.ended and work.lapsed):
                work = self._works[key] = _Work()
                work.until = time.monotonic() + self._lease
                threading.Thread(
                    target=self._run, args=(work, begin), name="streamed", daemon=True
                ).start()
            work.until = time.monotonic() + self._lease
            running = not (work.ended or work.stopped)
            return Growth(work.latest, running, work.error, work.stopped)

    def stop(self, key: Hashable) -> None:
        """End the work of ``key`` after its next item; it stays so until :meth:`retry`."""
        with self._lock:
            work = self._works.get(key)
            if work is not None and not work.ended:
                work.stopped = True

    def retry(self, key: Hashable) -> None:
        """Let work that was stopped or failed begin anew when it is next asked for."""
        with self._lock:
            work = self._works.get(key)
            if work is not None and (work.stopped or work.error):
                del self._works[key]

    def _run(self, work: _Work[Item], begin: Callable[[], Iterator[Item]]) -> None:
        error = ""
        try:
            with self._turn:
                for item in begin():
                    work.latest = item
                    work.lapsed = time.monotonic() > work.until
                    if work.lapsed or work.stopped:
                        break
        except XaiError as problem:
            error = str(problem)
        except Exception:
            # A defect of ours: log it whole, tell it in a sentence.
            _log.exception("streamed work failed")
            error = "Something went wrong inside the program; the log has the details."
        with self._lock:
            work.error, work.ended = error, True

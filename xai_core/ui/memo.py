"""Memoised results that are slow to make from a case or a map, shared by all browser sessions.

A result is kept only as long as the objects it was made from ("parts") are in memory: when the
service drops a case, or a user's own image is forgotten, everything made from it goes too.  Parts
are compared by identity (cases, arrays, frozen results) or by value (numbers, text, tuples of
these).  Streamlit's own cache hashes only a sample of a large array and could return the wrong
picture.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")
_COMPARED_BY_VALUE = (str, int, float, bool, tuple, type(None))
_CAPACITY = 256  # about eight for each of the 32 cases that the service holds


class Memo:
    """A cache of results by their parts.  Thread-safe.

    ``capacity``: how many results are kept; the least recently used one is dropped.

    Not a ``cachetools.LRUCache``: a weak reference's callback removes entries while another thread
    may hold the lock, which only a container with an atomic ``pop`` allows.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[tuple[weakref.ref[Any], ...], Any]] = (
            OrderedDict()
        )

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str, parts: tuple[Any, ...], make: Callable[[], Result]) -> Result:
        """The kept result for ``name`` and ``parts``, else ``make()``, which is then kept.

        ``make`` may hold references to ``parts``, but its result must not: it would keep them in
        memory for good.
        """
        key = (name, *((type(p), p) if isinstance(p, _COMPARED_BY_VALUE) else id(p) for p in parts))
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
                kept: Result = entry[1]
                return kept
        result = make()  # two sessions may make the same result at once; neither waits

        # The garbage collector may call this while any thread holds the lock, so it does not take
        # the lock: it is a single atomic operation.
        def remove(_: weakref.ref[Any]) -> None:
            self._entries.pop(key, None)

        references = tuple(
            weakref.ref(p, remove) for p in parts if not isinstance(p, _COMPARED_BY_VALUE)
        )
        with self._lock:
            self._entries[key] = references, result
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        return result

    def forget(self, part: Any) -> None:
        """Drop everything made from ``part`` now, before the garbage collector does."""
        with self._lock:
            for key, (references, _) in list(self._entries.items()):
                if any(reference() is part for reference in references):
                    self._entries.pop(key, None)


_memo = Memo()


def memoised(name: str, parts: tuple[Any, ...], make: Callable[[], Result]) -> Result:
    """See :meth:`Memo.get`; ``name`` identifies the kind of result across all pages."""
    return _memo.get(name, parts, make)


def forget(part: Any) -> None:
    """See :meth:`Memo.forget`."""
    _memo.forget(part)

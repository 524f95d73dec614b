"""What is slow to make of a case or a map, made once for all browser sessions.

It is kept as long as what it was made of is in memory, and no longer: a case that the service lets
go, or an image of one's own that is forgotten, takes everything made of it along.  Parts are
compared by identity (cases, arrays, frozen results) or by value (numbers, text, tuples of such):
Streamlit's own cache hashes arrays by a sample of them and could serve the wrong picture.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Made = TypeVar("Made")
_VALUES = (str, int, float, bool, tuple, type(None))
_KEPT = 256  # some eight for each of the 32 cases that the service holds


class Memo:
    """Thread-safe.  ``most``: how many results are kept, those used last.

    Not a ``cachetools.LRUCache``: a weak reference's callback removes entries while another thread
    may hold the lock, which only a container with an atomic ``pop`` allows.
    """

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[tuple[weakref.ref[Any], ...], Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str, parts: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        """``make()``, or what it gave before where every one of ``parts`` is still the same.

        ``make`` may hold ``parts``, but what it gives must not: it would keep them for good.
        """
        key = (name, *((type(p), p) if isinstance(p, _VALUES) else id(p) for p in parts))
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                found: Made = kept[1]
                return found
        made = make()  # two sessions may make the same at once; neither waits for the other

        # Called while another part of the program may hold the lock, so without it: one operation.
        def gone(_: weakref.ref[Any]) -> None:
            self._kept.pop(key, None)

        parents = tuple(weakref.ref(p, gone) for p in parts if not isinstance(p, _VALUES))
        with self._lock:
            self._kept[key] = parents, made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def forget(self, part: Any) -> None:
        """Let go of everything made of ``part`` now, not when it is collected."""
        with self._lock:
            for key, (parents, _) in list(self._kept.items()):
                if any(parent() is part for parent in parents):
                    self._kept.pop(key, None)


_memory = Memo()


def memoised(name: str, parts: tuple[Any, ...], make: Callable[[], Made]) -> Made:
    """See :meth:`Memo.get`; ``name`` says what is made, the same for all pages."""
    return _memory.get(name, parts, make)


def forget(part: Any) -> None:
    """See :meth:`Memo.forget`."""
    _memory.forget(part)

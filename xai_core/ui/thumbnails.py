"""Small pictures of cases, made once each by a thread in the background, kept within a limit.

A page never waits for them: it shows those there are and looks again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import streamlit as st
from cachetools import LRUCache

from xai_core.errors import XaiError
from xai_core.service import ExplainService
from xai_core.types import Case
from xai_core.viz.thumbnail import thumbnail

_KEPT = 1500  # about 4 KB each
_log = logging.getLogger(__name__)


class Thumbnails:
    """Thread-safe.  ``load``: as of a source of cases; ``kept``: how many are, used last."""

    def __init__(self, load: Callable[[str], Case], kept: int = _KEPT) -> None:
        self._load = load
        self._made: LRUCache[str, bytes] = LRUCache(kept)
        self._wanted: list[str] = []
        self._at_work: str | None = None  # the case whose picture is being made
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def get(self, ids: Sequence[str], ahead: Sequence[str] = ()) -> dict[str, bytes]:
        """Those of ``ids`` there are, as JPEG files, empty where a case cannot be read.

        The rest are made next, then those of ``ahead``; what was wanted before is let go.
        """
        with self._lock:
            found = {case_id: self._made[case_id] for case_id in ids if case_id in self._made}
            known = {*self._made, self._at_work}
            self._wanted = [c for c in dict.fromkeys((*ids, *ahead)) if c not in known]
            if self._wanted and self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="thumbnail-maker", daemon=True
                )
                self._thread.start()
            return found

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                case_id = self._at_work = self._wanted.pop(0)
            picture = self._make(case_id)
            with self._lock:
                self._made[case_id] = picture
                self._at_work = None

    def _make(self, case_id: str) -> bytes:
        try:
            return thumbnail(self._load(case_id))
        except XaiError:
            return b""  # said where the case itself is shown
        except Exception:
            _log.exception("the thumbnail of %s failed", case_id)
            return b""


@st.cache_resource(max_entries=2, show_spinner=False)  # type: ignore[untyped-decorator]
def _of(key: int, _service: ExplainService) -> Thumbnails:  # noqa: ARG001 - the cache's key
    # Not through the service's own memory of cases: a page of pictures would empty it.  The service
    # is held, so that no other can come by its key.
    return Thumbnails(lambda case_id: _service.source.load(case_id))


def of(service: ExplainService) -> Thumbnails:
    """The thumbnails of a service's cases, shared by all sessions."""
    made: Thumbnails = _of(id(service), service)
    return made

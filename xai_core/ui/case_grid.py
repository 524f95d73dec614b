"""Cases as a grid of small pictures, which are made in the background.

Small pictures of cases, made once each by a thread in the background, kept within a limit.

A page never waits for them: it shows those there are and looks again.

Cases as a grid of small pictures to choose from, a page at a time."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from cachetools import LRUCache

from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService
from xai_core.settings import ASSETS
from xai_core.types import Case
from xai_core.ui import session
from xai_core.ui.case_filter import page_with
from xai_core.viz.pictures import thumbnail

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


def thumbnails_of(service: ExplainService) -> Thumbnails:
    """The thumbnails of a service's cases, shared by all sessions."""
    made: Thumbnails = _of(id(service), service)
    return made


PAGE = 24
"""Cases on a page."""
_FOLDER = ASSETS / "viewer" / "grid"


@dataclass
class Turned:
    """``pages``: by the grid's name, the page turned to and the cases it was turned among."""

    pages: dict[str, tuple[tuple[str, int, str], int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tile:
    """``case_id``: whose picture.  ``key``: what the browser calls it.  ``lines``: under the
    ``name``.  ``badge``: beside it, empty for none; ``right``: whether it speaks of something
    right.  ``words``: all of it, for those who hear it."""

    case_id: str
    key: str
    name: str
    lines: tuple[str, ...] = ()
    badge: str = ""
    right: bool = True
    words: str = ""


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are this project's own files, never data."""
    parts = {end: (_FOLDER / f"grid.{end}").read_text("utf-8") for end in ("html", "css", "js")}
    return st.components.v2.component("cesm_cases", **parts)


def show(
    service: ExplainService,
    keys: Sequence[str],
    current: str,
    tile: Callable[[str], Tile],
    *,
    said: str,
    pick: Callable[[str], None],
    search: str | None = None,
    on_search: Callable[[str], None] = lambda _: None,
    above: str = "27rem",
    name: str = "cases",
) -> bool:
    """Draw the page of ``keys`` that holds ``current``, or the one turned to.

    Args:
        tile: the tile of a key; asked for those on the page alone.
        said: where one is, in words.
        pick: called with the key chosen.
        search: the words looked for; None draws no box for them.
        above: the height of what stands above and below the grid, in CSS.

    Returns:
        Whether pictures are still being made, so that a look later shows more.
    """
    page = _page(keys, current, name)
    pages = max(1, -(-len(keys) // PAGE))
    tiles = [tile(key) for key in keys[page * PAGE : (page + 1) * PAGE]]
    ahead = [tile(key).case_id for key in keys[(page + 1) * PAGE : (page + 2) * PAGE]]
    made = thumbnails_of(service).get([t.case_id for t in tiles], ahead)
    data = {
        "label": "Cases",
        "said": said,
        "hint": "" if search is None else "Find: spiculated, left MLO, BI-RADS 4",
        "search": search,
        "above": above,
        "items": [_item(one, made.get(one.case_id)) for one in tiles],
        "current": current,
        "page": page,
        "pages": pages,
    }

    def picked() -> None:
        key = st.session_state[name]["pick"]
        if key in keys:
            pick(key)

    def turned() -> None:
        to = st.session_state[name]["page"]
        if isinstance(to, int) and 0 <= to < pages:
            session.part(Turned).pages[name] = (_place(keys, current), to)

    def looked() -> None:
        on_search(str(st.session_state[name]["search"] or "")[:200])

    _component()(
        data=data,
        key=name,
        on_pick_change=picked,
        on_page_change=turned,
        on_search_change=looked,
    )
    return len(made) < len(tiles)


def _page(keys: Sequence[str], current: str, name: str) -> int:
    """The page turned to, until another case or other cases are shown."""
    place, to = session.part(Turned).pages.get(name, (None, 0))
    return to if place == _place(keys, current) else page_with(keys, current, PAGE)


def _place(keys: Sequence[str], current: str) -> tuple[str, int, str]:
    return current, len(keys), keys[0] if keys else ""


def _item(tile: Tile, picture: bytes | None) -> dict[str, Any]:
    return {
        "key": tile.key,
        "name": tile.name,
        "badge": tile.badge,
        "right": tile.right,
        "lines": list(tile.lines),
        "words": tile.words,
        "picture": None if picture is None else base64.b64encode(picture).decode("ascii"),
    }

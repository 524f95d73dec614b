"""The grid of cases to choose from, a page of thumbnails at a time.

Each thumbnail is made once by a background thread and kept in a bounded cache.  A page never waits
for them: it draws those that exist and is drawn again while others are being made.
"""

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
from xai_core.explain.service import PageService
from xai_core.settings import ASSETS
from xai_core.types import Case
from xai_core.ui import session
from xai_core.ui.case_filter import MOST_SEARCHED, page_of
from xai_core.viz.pictures import thumbnail

CASES_PER_PAGE = 24
_FOLDER = ASSETS / "viewer" / "grid"
_CACHED_THUMBNAILS = 1500  # about 4 KB each
_log = logging.getLogger(__name__)


# --- thumbnails ---


class Thumbnails:
    """The thumbnails of a source's cases.  Thread-safe.

    Args:
        load: reads a case by its id.
        capacity: how many thumbnails are kept; the least recently used one is dropped.
    """

    def __init__(self, load: Callable[[str], Case], capacity: int = _CACHED_THUMBNAILS) -> None:
        self._load = load
        self._cache: LRUCache[str, bytes] = LRUCache(capacity)
        self._queue: list[str] = []
        self._in_progress: str | None = None  # the case whose thumbnail is being made
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def get(self, ids: Sequence[str], prefetch: Sequence[str] = ()) -> dict[str, bytes]:
        """The finished thumbnails among ``ids``, as JPEG files; empty for an unreadable case.

        The missing ones are made next, then those of ``prefetch``; earlier requests that are still
        waiting are dropped.
        """
        with self._lock:
            finished = {case_id: self._cache[case_id] for case_id in ids if case_id in self._cache}
            known = {*self._cache, self._in_progress}
            self._queue = [c for c in dict.fromkeys((*ids, *prefetch)) if c not in known]
            if self._queue and self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="thumbnail-maker", daemon=True
                )
                self._thread.start()
            return finished

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                case_id = self._in_progress = self._queue.pop(0)
            picture = self._make(case_id)
            with self._lock:
                self._cache[case_id] = picture
                self._in_progress = None

    def _make(self, case_id: str) -> bytes:
        try:
            return thumbnail(self._load(case_id))
        except XaiError:
            return b""  # the error is shown where the case itself is shown
        except Exception:
            _log.exception("the thumbnail of %s failed", case_id)
            return b""


@st.cache_resource(max_entries=2, show_spinner=False)  # type: ignore[untyped-decorator]
def _cached_thumbnails(key: int, _service: PageService) -> Thumbnails:  # noqa: ARG001 - the key
    # Cases are loaded from the source, not through the service's cache of cases: a page of
    # thumbnails would evict everything from that.  The closure keeps the service alive, so that
    # no other service can get the same id.
    return Thumbnails(lambda case_id: _service.source.load(case_id))


def thumbnails_of(service: PageService) -> Thumbnails:
    """The thumbnails of a service's cases, shared by all browser sessions."""
    thumbnails: Thumbnails = _cached_thumbnails(id(service), service)
    return thumbnails


# --- the grid ---


@dataclass
class GridPages:
    """``pages``: by grid, the listing (see ``_listing``) and the page that was turned to in it."""

    pages: dict[str, tuple[tuple[str, int, str], int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tile:
    """One case in the grid.

    ``case_id``: whose thumbnail is drawn.  ``key``: the identifier sent to the browser.  ``lead``,
    ``name`` and ``lines``: the text under the thumbnail; the lead may take two lines, and is empty
    for none.  ``badge``: a short text beside the name, empty for none; ``right``: whether it marks
    a right decision.  ``words``: the accessible name.
    """

    case_id: str
    key: str
    name: str
    lines: tuple[str, ...] = ()
    badge: str = ""
    right: bool = True
    words: str = ""
    lead: str = ""


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are files of this project, never case data."""
    parts = {kind: (_FOLDER / f"grid.{kind}").read_text("utf-8") for kind in ("html", "css", "js")}
    return st.components.v2.component("cesm_cases", **parts)


def show(
    service: PageService,
    keys: Sequence[str],
    current: str,
    make_tile: Callable[[str], Tile],
    *,
    status: str,
    on_pick: Callable[[str], None],
    search: str | None = None,
    on_search: Callable[[str], None] = lambda _: None,
    ways_out: Sequence[tuple[str, str]] = (),
    on_way_out: Callable[[str], None] = lambda _: None,
    reserved_height: str = "33rem",
    name: str = "cases",
) -> bool:
    """Draw the page of ``keys`` that the user turned to, else the page that holds ``current``.

    Args:
        service: its cases are shown.
        keys: of all tiles, in their order.
        current: the key of the selected tile.
        make_tile: gives the tile of a key; called for this page and the next one only.
        status: a sentence above the grid, such as the position in the list.
        on_pick: called with the key of the tile that was clicked.
        search: the text of the search box; None draws no search box.
        on_search: called with the text typed into the search box.
        ways_out: the key and the label of each button that is drawn in place of the tiles.
        on_way_out: called with the key of the button that was clicked.
        reserved_height: CSS height of what stands above and below the grid.
        name: identifies this grid in the session.

    Returns:
        Whether thumbnails are still being made, so that the grid should be drawn again later.
    """
    page = _page(keys, current, name)
    pages = max(1, -(-len(keys) // CASES_PER_PAGE))
    start, end = page * CASES_PER_PAGE, (page + 1) * CASES_PER_PAGE
    tiles = [make_tile(key) for key in keys[start:end]]
    prefetch = [make_tile(key).case_id for key in keys[end : end + CASES_PER_PAGE]]
    thumbnails = thumbnails_of(service).get([tile.case_id for tile in tiles], prefetch)
    data = {
        "label": "Cases",
        "status": status,
        "hint": "" if search is None else "Find: spiculated, left MLO",
        "search": search,
        "ways": [{"key": key, "label": label} for key, label in ways_out],
        "above": reserved_height,
        "items": [_item(tile, thumbnails.get(tile.case_id)) for tile in tiles],
        "current": current,
        "page": page,
        "pages": pages,
    }

    # The browser's values are checked: they come from outside.
    def handle_pick() -> None:
        key = st.session_state[name]["pick"]
        if key in keys:
            on_pick(key)

    def handle_page() -> None:
        page = st.session_state[name]["page"]
        if isinstance(page, int) and 0 <= page < pages:
            session.part(GridPages).pages[name] = (_listing(keys, current), page)

    def handle_search() -> None:
        on_search(str(st.session_state[name]["search"] or "")[:MOST_SEARCHED])

    def handle_way() -> None:
        key = st.session_state[name]["way"]
        if any(key == offered for offered, _ in ways_out):
            on_way_out(key)

    _component()(
        data=data,
        key=name,
        on_pick_change=handle_pick,
        on_page_change=handle_page,
        on_search_change=handle_search,
        on_way_change=handle_way,
    )
    return len(thumbnails) < len(tiles)


def _page(keys: Sequence[str], current: str, name: str) -> int:
    """The page the user turned to, as long as the selected case and the list stay the same."""
    listing, page = session.part(GridPages).pages.get(name, (None, 0))
    if listing == _listing(keys, current):
        return page
    return page_of(keys, current, CASES_PER_PAGE)


def _listing(keys: Sequence[str], current: str) -> tuple[str, int, str]:
    """Identifies a list and its selected case cheaply: selected key, length, first key."""
    return current, len(keys), keys[0] if keys else ""


def _item(tile: Tile, picture: bytes | None) -> dict[str, Any]:
    return {
        "key": tile.key,
        "lead": tile.lead,
        "name": tile.name,
        "badge": tile.badge,
        "right": tile.right,
        "lines": list(tile.lines),
        "words": tile.words,
        "picture": None if picture is None else base64.b64encode(picture).decode("ascii"),
    }

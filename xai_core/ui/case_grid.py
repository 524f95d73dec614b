"""Cases as a grid of small pictures to choose from, a page at a time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from xai_core.service import ExplainService
from xai_core.settings import ASSETS
from xai_core.ui import state, thumbnails
from xai_core.ui.case_filter import page_with

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
    made = thumbnails.of(service).get([t.case_id for t in tiles], ahead)
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
            state.part(Turned).pages[name] = (_place(keys, current), to)

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
    place, to = state.part(Turned).pages.get(name, (None, 0))
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

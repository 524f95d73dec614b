"""Hybrid-CAM's area levels: each switched on or off, own ones added; the viewer slides a range."""

from __future__ import annotations

import streamlit as st

from xai_core.errors import BadRequest
from xai_core.types import PAPER_LEVELS
from xai_core.ui import state
from xai_core.ui.address import read_levels
from xai_core.ui.words import plain

_SWITCHES, _ADD = "level switches", "level add"
_OWN, _PROBLEM = "own levels", "level problem"
_HELP = (
    "Hybrid-CAM scores the image with only this share p of the pixels sharp, the map's strongest, "
    "and the rest blurred. Click a level to switch it on or off."
)


def edit() -> None:
    """Draw the editor where the method has levels."""
    if state.show().method != "hybrid-cam":
        return
    choices, active = offered(), state.show().levels
    st.pills(
        "Area levels: the share of the image kept sharp",
        choices,
        selection_mode="multi",
        default=list(active),
        format_func=_percent,
        key=state.key_showing(_SWITCHES, list(active)),
        on_change=state.when_changed(_SWITCHES, _set),
        help=_HELP,
        wrap=True,
    )
    _own(active, choices)
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.warning(plain(problem, 400))


def _own(active: tuple[float, ...], choices: tuple[float, ...]) -> None:
    with st.popover("Own levels"):
        # A form is emptied by the browser itself: the box stays the same one and keeps the focus.
        with st.form("own levels form", clear_on_submit=True, border=False):
            st.text_input(
                "Add levels, in percent of the image", key=_ADD, placeholder="15 or 4, 7.5"
            )
            st.form_submit_button("Add", on_click=lambda: _add(st.session_state[_ADD]))
        st.button(
            "Back to the paper's ten",
            on_click=lambda: _set(PAPER_LEVELS, forget=True),
            disabled=active == PAPER_LEVELS and choices == PAPER_LEVELS,
        )


def _percent(level: float) -> str:
    return f"{level:g} %"


def offered() -> tuple[float, ...]:
    """The paper's levels and every own one added in this session."""
    own: set[float] = st.session_state.setdefault(_OWN, set())
    own |= set(state.show().levels) - set(PAPER_LEVELS)
    return tuple(sorted({*PAPER_LEVELS, *own}))


def _set(levels: list[float] | tuple[float, ...], forget: bool = False) -> None:
    if forget:
        st.session_state[_OWN] = set()
    if not levels:
        st.session_state[_PROBLEM] = "At least one level stays on."
        return
    try:
        state.change(levels=tuple(levels))
    except BadRequest as problem:
        st.session_state[_PROBLEM] = str(problem)


def offered_now() -> tuple[float, ...]:
    """The levels a range can be slid over: none where the method has no levels."""
    return offered() if state.show().method == "hybrid-cam" else ()


def choose(levels: list[float]) -> None:
    """Ask for the levels that a range was slid over."""
    _set([level for level in levels if level in offered()])


def _add(text: str) -> None:
    if not text.strip():
        return
    try:
        added = read_levels(text)
    except BadRequest as problem:
        st.session_state[_PROBLEM] = str(problem)
    else:
        _set((*state.show().levels, *added))

"""Previous and next, by button and by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from xai_core.ui import state


@dataclass
class Steps:
    """``pressed``: the step asked for and not yet taken, +1 or -1; else 0."""

    pressed: int = 0


def show(there: Callable[[int], str | None], go: Callable[[str | None], None]) -> None:
    """Take the step that was asked for, if any, and draw the two buttons.

    A press is noted when it is heard and counts when the buttons are drawn.  Where a timer of the
    page goes off with the press, the browser sends it twice: with the timer's message, whose run
    does not come here, and in its own.  That is one step.

    Args:
        there: the case ``step`` (+1 or -1) from the one on show; None past the end.
        go: shows a case.
    """
    kept = state.part(Steps)
    by, kept.pressed = kept.pressed, 0
    if by:
        go(there(by))
    with st.container(horizontal=True, key="steps"):
        st.button(
            "Previous", key="previous", on_click=_note, args=(-1,), disabled=there(-1) is None,
            shortcut="P", width="stretch",
        )  # fmt: skip
        st.button(
            "Next", key="next", on_click=_note, args=(+1,), disabled=there(+1) is None,
            shortcut="N", width="stretch",
        )  # fmt: skip


def _note(by: int) -> None:
    state.part(Steps).pressed = by

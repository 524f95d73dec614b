"""Previous and next, by button and by key."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def show(there: Callable[[int], str | None], go: Callable[[str | None], None]) -> None:
    """Draw the two buttons.

    Args:
        there: the case ``step`` (+1 or -1) from the one on show; None past the end.  Asked again
            at the click: a second one comes before this was redrawn.
        go: shows a case.
    """
    with st.container(horizontal=True, key="steps"):
        st.button(
            "Previous", key="previous", on_click=lambda: go(there(-1)), disabled=there(-1) is None,
            shortcut="P", width="stretch",
        )  # fmt: skip
        st.button(
            "Next", key="next", on_click=lambda: go(there(+1)), disabled=there(+1) is None,
            shortcut="N", width="stretch",
        )  # fmt: skip

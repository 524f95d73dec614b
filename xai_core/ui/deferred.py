"""The picture first: all else on its page waits until the viewer has drawn once.

Every kind of element has a script of its own that the browser loads, the plot's is megabytes, and
while it reads and draws those it draws nothing else: in a browser session that has seen nothing yet
they would come between a person and the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.ui import session

TIMEOUT = 2.0
"""Seconds after which the rest is drawn even though the viewer has not said that it has drawn."""


@dataclass
class ViewerDrawn:
    """``drawn``: whether the viewer has drawn something; None before the first page began."""

    drawn: bool | None = None


def begin() -> None:
    """At the start of every page.  A session that begins with what widgets of the page said is that
    of a browser whose connection broke: the whole page is there, under a hand, and stays."""
    kept = session.part(ViewerDrawn)
    if kept.drawn is None:
        context = get_script_run_ctx(suppress_warning=True)
        kept.drawn = bool(context and context.session_state.get_widget_states())


def viewer_has_drawn() -> bool:
    """Whether the viewer has drawn something in this browser session."""
    return bool(session.part(ViewerDrawn).drawn)


def note_drawn() -> None:
    """The viewer says that it has."""
    session.part(ViewerDrawn).drawn = True


def draw_after_picture(draw: Callable[[], None], place: str) -> None:
    """Draw a part of the page, if the viewer has drawn; else keep its place free.

    ``place``: the name of the part's container, by which the style keeps its height.
    """
    with st.container(key=place):
        if viewer_has_drawn():
            draw()
        else:
            st.caption("\N{NO-BREAK SPACE}")

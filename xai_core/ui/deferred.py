"""Parts of a page that are deferred until the viewer has drawn its first picture.

The browser loads a script for every kind of Streamlit element (megabytes for the plot) and draws
nothing else while it does.  In a new browser session these scripts would delay the picture, so the
page first sends the viewer alone and the rest once the viewer reports that it has drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.ui import session

TIMEOUT = 2.0
"""Seconds after which the rest is drawn even if the viewer has not reported a picture."""


@dataclass
class ViewerDrawn:
    """``drawn``: whether the viewer has drawn in this session; None before the first page began."""

    drawn: bool | None = None


def begin() -> None:
    """Decide, at the start of the first page of a session, whether anything is deferred.

    A new session that starts with widget states belongs to a browser that reconnected: it already
    shows the whole page, and the user may be working in it, so nothing is taken away.
    """
    state = session.part(ViewerDrawn)
    if state.drawn is None:
        context = get_script_run_ctx(suppress_warning=True)
        state.drawn = bool(context and context.session_state.get_widget_states())


def viewer_has_drawn() -> bool:
    """Whether the viewer has drawn a picture in this browser session."""
    return bool(session.part(ViewerDrawn).drawn)


def note_drawn() -> None:
    """Record that the viewer has drawn, or that the page does not wait for it any longer."""
    session.part(ViewerDrawn).drawn = True


def draw_after_picture(draw: Callable[[], None], place: str) -> None:
    """Draw a part of the page if the viewer has drawn; otherwise reserve its place.

    ``place``: the key of the part's container; the style sheet reserves its height by this key.
    """
    with st.container(key=place):
        if viewer_has_drawn():
            draw()
        else:
            st.caption("\N{NO-BREAK SPACE}")

"""The picture first: what takes a browser long to load waits until the viewer has drawn once.

The plot's own script is megabytes.  While a browser reads it nothing else is drawn, so in a browser
session that has seen nothing yet it would come between a person and the picture.
"""

from __future__ import annotations

import streamlit as st

_DRAWN = "the viewer has drawn"


def had() -> bool:
    """Whether the viewer has drawn something in this browser session."""
    return bool(st.session_state.get(_DRAWN, False))


def note() -> None:
    """The viewer says that it has."""
    st.session_state[_DRAWN] = True

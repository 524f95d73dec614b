"""The first line of every page: settings of the page, style, navigation, the standing notice.

A cold deep link runs a page's file without ``app.py``, so nothing a page needs may live there.
"""

from __future__ import annotations

import streamlit as st

from xai_core.settings import ASSETS
from xai_core.ui import aside, first_sight
from xai_core.ui.words import NOTICE

_PAGES = (
    ("pages/explore.py", "Explore"),
    ("pages/compare.py", "Compare"),
    ("pages/your_image.py", "Your image"),
    ("pages/demo.py", "Demo"),
    ("pages/about.py", "About"),
)


def begin(title: str) -> None:
    """Set the page up; safe to call again."""
    st.set_page_config(
        page_title=f"{title} | CESM explained",
        layout="wide",
        initial_sidebar_state="expanded",
    )
    first_sight.begin()
    aside.take_back()
    st.html(ASSETS / "viewer" / "style.css")
    with st.sidebar, st.container(key="brand", gap="small"):
        st.markdown("#### CESM explained")
        with st.container(key="pages", horizontal=True, gap="small"):
            for file, label in _PAGES:
                st.page_link(file, label=label)
    st.session_state["notice"] = st.bottom.empty()
    st.session_state["notice"].caption(NOTICE)


def say_phantom(cases: bool, model: bool) -> None:
    """Beside the notice: that what is shown is synthetic, where it is."""
    words = []
    if cases:
        words.append("Phantom cases: synthetic images.")
    if model:
        words.append("Model trained on phantoms.")
    st.session_state["notice"].caption(" ".join([NOTICE, *words]))

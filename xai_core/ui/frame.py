"""The first line of every page: settings of the page, style, navigation, the standing notice.

A cold deep link runs a page's file without ``app.py``, so nothing a page needs may live there.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.settings import ASSETS
from xai_core.ui import deferred, session
from xai_core.ui.pages import PAGES
from xai_core.ui.wording import NOTICE


@dataclass
class Notice:
    """``place``: where this page's standing notice is written."""

    place: DeltaGenerator | None = None


def begin(title: str) -> None:
    """Set the page up; safe to call again."""
    st.set_page_config(
        page_title=f"{title} | CESM explained",
        layout="wide",
        initial_sidebar_state="expanded",
    )
    deferred.begin()
    session.restore_case()
    st.html(ASSETS / "viewer" / "style.css")
    with st.sidebar, st.container(key="brand", gap="small"):
        st.markdown("#### CESM explained")
        with st.container(key="pages", horizontal=True, gap="small"):
            for entry in PAGES:
                st.page_link(entry.file, label=entry.title)
    notice = session.part(Notice)
    notice.place = st.bottom.empty()
    notice.place.caption(NOTICE)


def say_phantom(cases: bool, model: bool) -> None:
    """Beside the notice: that what is shown is synthetic, where it is."""
    words = []
    if cases:
        words.append("Phantom cases: synthetic images.")
    if model:
        words.append("Model trained on phantoms.")
    place = session.part(Notice).place
    if place is not None:  # a page that is tested without its frame has none
        place.caption(" ".join([NOTICE, *words]))

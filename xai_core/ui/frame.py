"""The frame of every page: page settings, style sheet, navigation and the notice at the bottom.

Each page calls :func:`begin` first.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.settings import ASSETS
from xai_core.ui import deferred, session, stage
from xai_core.ui.pages import PAGES
from xai_core.ui.wording import NOTICE, plain


@dataclass
class Notice:
    """``place``: the element that holds this page's notice; None outside a page."""

    place: DeltaGenerator | None = None


def begin(title: str, on_stage: bool = False) -> None:
    """Set up the page ``title``; safe to call again.

    ``on_stage``: whether it is shown on the stage until the user leaves that.
    """
    st.set_page_config(
        page_title=f"{title} | CESM explained",
        layout="wide",
        initial_sidebar_state="auto",
    )
    deferred.begin()
    session.begin_page(title)
    session.restore_case()
    st.html(ASSETS / "viewer" / "style.css")
    with st.sidebar, st.container(key="brand"):
        st.markdown("#### CESM explained")
    # Over the page and not in the sidebar, which is closed on narrow screens.
    with st.container(key="pages", horizontal=True, gap="small"):
        for entry in PAGES:
            st.page_link(entry.path, label=entry.title)
    stage.begin(title if on_stage else "other pages", on_stage)
    notice = session.part(Notice)
    notice.place = st.bottom.empty()
    notice.place.caption(NOTICE)


def add_origin_notice(cases: bool, model: str, decision: str = "") -> None:
    """Add to the notice where the cases and the model come from.

    ``cases``: whether they are phantoms.  ``model``: what it was trained on, "" if unknown.
    ``decision``: what decides the predicted class, where a setting changed that.
    """
    sentences = []
    if cases:
        sentences.append("Phantom cases: synthetic images.")
    if model:
        sentences.append(f"Model trained on {model}.")
    if decision:
        sentences.append(f"The predicted class is decided by {decision}.")
    place = session.part(Notice).place
    if place is not None:  # None where a test draws a page without its frame
        place.caption(" ".join([NOTICE, *(plain(sentence, 400) for sentence in sentences)]))

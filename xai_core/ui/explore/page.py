"""The Explore page: one case with the model's decision, a heatmap and its curves.

In blind reading the reader answers first; the truth and the model are shown afterwards.
"""

from __future__ import annotations

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.ui import case_list, controls, curves, deferred, live, session
from xai_core.ui.blind import page as blind
from xai_core.ui.wording import plain


def show(service: PageService) -> None:
    """Draw the page."""
    blind.restore(service)
    with st.sidebar:
        if blind.is_on():
            _show_sidebar(service)
        else:
            deferred.draw_after_picture(lambda: _show_sidebar(service), "list-place")
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    if blind.is_reading():
        blind.show(service)
        blind.keep_readings(service)
        return
    shown = session.current()
    blind.show_answer(service)
    controls.show(service, service.predicted(shown.case_id))
    top = st.container()
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        curves.show_mode_choice()
    live.show(service, shown, top, left, right)
    blind.keep_readings(service)


def _show_sidebar(service: PageService) -> None:
    blind.show_switch(service)
    if blind.is_on():
        blind.show_case_list(service)
    else:
        case_list.show(service)

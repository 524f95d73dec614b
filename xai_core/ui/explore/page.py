"""The Explore page: one case, what the model decided, where it looked, and whether the map holds.

With blind reading switched on the case is read first; the model's part follows the reader's answer.
"""

from __future__ import annotations

import streamlit as st

from xai_core.explain.service import ExplainService
from xai_core.ui import case_list, controls, curves, deferred, live, session
from xai_core.ui.blind import page as blind
from xai_core.ui.wording import plain


def show(service: ExplainService) -> None:
    """Draw the page."""
    blind.restore(service)
    with st.sidebar:
        if blind.on():
            _choose_case(service)
        else:
            deferred.draw_after_picture(lambda: _choose_case(service), "list-place")
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    if blind.reading():
        blind.show(service)
        return
    shown = session.current()
    blind.reader_summary(service)
    controls.show(service, service.predicted(shown.case_id))
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        curves.choose_mode()
    live.show(service, shown, left, right)


def _choose_case(service: ExplainService) -> None:
    blind.switch(service)
    (blind.cases if blind.on() else case_list.show)(service)

"""The Features page: a channel of the network, or a part of its architecture, is disabled."""

from __future__ import annotations

import streamlit as st

from xai_core.errors import CaseError
from xai_core.explain.service import PageService
from xai_core.ui import case_list, chosen_filter, controls, deferred, session
from xai_core.ui.features import channel_tab, part_tab, tab_choice
from xai_core.ui.wording import plain


def show(service: PageService) -> None:
    """Draw the page."""
    session.restore(
        service.records,
        service.classifier,
        lambda parameters: (
            tab_choice.read_parameters(parameters)
            + chosen_filter.read_parameters(parameters, service.records)
        ),
    )
    tab_choice.update_address()
    deferred.note_drawn()  # the page has no viewer to wait for
    with st.sidebar:
        case_list.show(service)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    tab_choice.show()
    try:
        case = service.load(session.current().case_id)
    except CaseError as problem:
        st.error(plain(str(problem), 600))
        return
    if tab_choice.current() == tab_choice.PARTS:
        st.markdown("##### Disable one part of the architecture after the other")
        part_tab.show(service, case)
        return
    st.markdown("##### Switch off what the network carries")
    controls.show_layer_choice(service)
    channel_tab.show(service, case)

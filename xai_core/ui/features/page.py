"""The Features page: a cue of the lesion, or a channel of the network, is changed."""

from __future__ import annotations

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.settings import ASSETS
from xai_core.ui import case_list, chosen_filter, controls, deferred, session
from xai_core.ui.address import write_address
from xai_core.ui.features import channel_tab, lesion_change, lesion_tab, part_tab, tab_choice
from xai_core.ui.features.lesion_service import lesion_cases, lesion_service
from xai_core.ui.wording import plain

_REAL = (
    "Only phantoms have a counterfactual: their lesions are drawn, so one cue can be drawn in "
    "another way. In a real image nobody knows what the same breast would look like with another "
    "lesion. Choose “Channels of the network” instead, or open the built-in phantoms."
)
_NORMAL = "This phantom has no lesion, so there is no cue to change. Choose one with a finding."


def show(service: PageService) -> None:
    """Draw the page."""
    session.restore(
        service.records,
        service.classifier,
        lambda parameters: (
            tab_choice.read_parameters(parameters)
            + lesion_change.read_parameters(parameters)
            + chosen_filter.read_parameters(parameters, service.records)
        ),
    )
    st.html(ASSETS / "pages" / "features.css")
    with st.sidebar:
        case_list.show(service)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    # Nothing is deferred: drawing a phantom takes longer than loading the page's scripts.
    deferred.note_drawn()
    case_id = session.current().case_id
    cases = lesion_cases(service)
    lesion_change.begin(cases, case_id)
    session.update_address(
        write_address(session.current())
        | tab_choice.address()
        | lesion_change.address()
        | chosen_filter.address()
    )
    tab_choice.show()
    if tab_choice.current() == tab_choice.CHANNELS:
        st.markdown("##### Switch off what the network carries")
        controls.show_layer_choice(service)
        channel_tab.show(service, case_id)
        return
    if tab_choice.current() == tab_choice.PARTS:
        st.markdown("##### Disable one part of the architecture after the other")
        part_tab.show(service, case_id)
        return
    st.markdown("##### Change one cue of the lesion, keep the breast")
    if cases is None:
        st.info(_REAL)
        return
    if problem := lesion_change.state().problem:
        st.warning(plain(problem, 600))
    if not cases.plans(case_id):
        st.info(_NORMAL)
        return
    controls.show(service, service.predicted(case_id))
    lesion_tab.show(lesion_service(service), cases, case_id)

"""One case: what the model decided, where it looked, and whether the map holds."""

import streamlit as st

from xai_core.ui import case_list, controls, curves, first_sight, frame, live, state
from xai_core.ui.blind import page as blind
from xai_core.ui.service_access import service_or_stop
from xai_core.ui.words import plain

frame.begin("Explore")
service = service_or_stop()
blind.restore(service)


def choose() -> None:
    """The list of cases."""
    blind.switch(service)
    (blind.cases if blind.on() else case_list.show)(service)


with st.sidebar:
    if blind.on():
        choose()
    else:
        first_sight.then(choose, "list-place")

if state.problems():
    st.warning("  \n".join(plain(sentence, 400) for sentence in state.problems()))

if blind.reading():
    blind.show(service)
else:
    shown = state.show()
    blind.told(service)
    controls.show(service, service.predicted(shown.case_id))
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        curves.choose_mode()
    live.show(service, shown, left, right)

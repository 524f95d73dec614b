"""At which stop this browser session is; kept across pages, and in the address as ``?stop=3``."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from xai_core.service import ExplainService
from xai_core.ui import state
from xai_core.ui.demo.stops import STOPS

_STOP, _ARRIVED, _BROUGHT = "tour stop", "tour arrived", "tour address brought"


def restore(service: ExplainService) -> None:
    """Take the stop the address names where a person came with one."""

    def take(given: Mapping[str, str]) -> list[str]:
        text = given.get("stop")
        if text is None:
            return []
        if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= len(STOPS):
            go(int(text) - 1)
            st.session_state[_BROUGHT] = True
            return []
        return [f"The address names the stop “{text:.20}”, but there are {len(STOPS)}, from 1."]

    state.restore(service.records, service.explainer.classifier, also=take)


def place() -> int:
    """The stop, counted from 0."""
    return int(st.session_state.get(_STOP, 0))


def go(number: int) -> None:
    """Go to a stop, and show it as it is meant, whatever hands did to it before."""
    st.session_state[_STOP] = min(max(number, 0), len(STOPS) - 1)
    st.session_state.pop(_ARRIVED, None)


def brought() -> bool:
    """Whether an address led here, so that what it says of the viewer counts; True once."""
    return bool(st.session_state.pop(_BROUGHT, False))


def arriving(scene: tuple[object, ...]) -> bool:
    """Whether ``scene`` (what the stop is to show) is still to be set up; True once for each."""
    if st.session_state.get(_ARRIVED) == scene:
        return False
    st.session_state[_ARRIVED] = scene
    return True

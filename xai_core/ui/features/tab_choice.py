"""What the Features page changes: the choice of its tab, which the address keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from xai_core.ui import chosen_filter, session
from xai_core.ui.address import write_address

TAB = "tab"
"""The address parameter of the tab."""
CHANNELS, PARTS = "channels", "parts"
TABS = {CHANNELS: "Channels of the network", PARTS: "Parts of the architecture"}


@dataclass
class FeatureTab:
    """``tab``: a key of :data:`TABS`."""

    tab: str = CHANNELS


def current() -> str:
    """The tab on show."""
    return session.part(FeatureTab).tab


def read_parameters(parameters: Mapping[str, str]) -> list[str]:
    """Take the tab from an address; returns a sentence if it cannot be used."""
    tab = parameters.get(TAB, CHANNELS)
    if tab not in TABS:
        return [
            f"The address names the tab “{tab:.40}”, but only {', '.join(TABS)} exist; showing "
            f"{current()}."
        ]
    session.part(FeatureTab).tab = tab
    return []


def update_address() -> None:
    """Write the request, the tab and the filter of the list of cases into the address."""
    tab = current()
    session.update_address(
        write_address(session.current())
        | ({TAB: tab} if tab != CHANNELS else {})
        | chosen_filter.address()
    )


def show() -> None:
    """Draw the choice of the tab."""
    st.segmented_control(
        "What to change", TABS, default=current(), required=True, format_func=TABS.__getitem__,
        key=session.widget_key("features tab", current()), label_visibility="collapsed",
        on_change=session.on_user_change("features tab", _set),
    )  # fmt: skip


def _set(tab: str) -> None:
    session.set_problems([])
    session.part(FeatureTab).tab = tab

"""What the Features page changes: the choice of its tab, which the address keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from xai_core.ui import session

TAB = "tab"
"""The address parameter of the tab."""
LESION, CHANNELS, PARTS = "lesion", "channels", "parts"
TABS = {
    LESION: "Cues of the lesion",
    CHANNELS: "Channels of the network",
    PARTS: "Parts of the architecture",
}


@dataclass
class FeatureTab:
    """``tab``: a key of :data:`TABS`."""

    tab: str = LESION


def current() -> str:
    """The tab on show."""
    return session.part(FeatureTab).tab


def read_parameters(parameters: Mapping[str, str]) -> list[str]:
    """Take the tab from an address; returns a sentence if it cannot be used."""
    tab = parameters.get(TAB, LESION)
    if tab not in TABS:
        return [
            f"The address names the tab “{tab:.40}”, but only {', '.join(TABS)} exist; showing "
            f"{current()}."
        ]
    session.part(FeatureTab).tab = tab
    return []


def address() -> dict[str, str]:
    """The address parameter that restores the tab; empty for the first one."""
    tab = current()
    return {TAB: tab} if tab != LESION else {}


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

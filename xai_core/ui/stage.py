"""The stage: a page reduced to its picture and its control, for an audience; key F, in the browser.

The same component scrolls the page by key.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from xai_core.settings import ASSETS

_KEY = "page-keys"
_FOLDER = ASSETS / "pages"


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a button, and a script that listens to keys."""
    return st.components.v2.component(
        "cesm_page_keys",
        html='<button type="button" aria-pressed="false"><span>Stage</span><kbd>F</kbd></button>',
        css=(_FOLDER / "page_keys.css").read_text("utf-8"),
        js=(_FOLDER / "page_keys.js").read_text("utf-8"),
    )


def begin(page: str, on: bool) -> None:
    """Draw the button, and the style of the stage.

    Args:
        page: pages of one name share whether the stage is on, as long as the tab is open.
        on: whether it is on until the user says otherwise; never on a narrow screen.
    """
    st.html(_FOLDER / "stage.css")
    with st.container(key=_KEY):
        _component()(data={"page": page, "stage": on}, key="page keys")

"""Arrow keys and a remote's page keys, beside the buttons' own N and P."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from xai_core.settings import ASSETS

_KEY = "tour keys"


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a script that listens, nothing to see."""
    return st.components.v2.component(
        "cesm_tour_keys",
        html="<span hidden></span>",
        js=(ASSETS / "pages" / "demo_keys.js").read_text("utf-8"),
    )


def listen(back: int | None, onward: int | None, go: Callable[[int], None]) -> None:
    """Go to the stop ``back`` or ``onward`` (counted from 0) for a key; None where there is no such
    way."""

    def heard() -> None:
        said = st.session_state[_KEY]["go"]
        if isinstance(said, list) and said and said[0] in (back, onward):
            go(int(said[0]))

    _component()(data={"back": back, "next": onward}, key=_KEY, on_go_change=heard)

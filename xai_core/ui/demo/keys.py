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


def listen(here: int, last: int, go: Callable[[int], None]) -> None:
    """Go to the stop that a key asks for.  ``here``: the stop that is drawn, counted from 0;
    ``last``: the last one."""

    def heard() -> None:
        said = st.session_state[_KEY]["go"]
        if isinstance(said, list) and said and said[0] in range(last + 1):
            go(int(said[0]))

    _component()(data={"here": here, "last": last}, key=_KEY, on_go_change=heard)

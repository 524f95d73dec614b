"""Arrow keys and a remote's page keys, beside the buttons' own N and P."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from xai_core.settings import ASSETS


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a script that listens, nothing to see."""
    return st.components.v2.component(
        "cesm_tour_keys",
        html="<span hidden></span>",
        js=(ASSETS / "pages" / "demo_keys.js").read_text("utf-8"),
    )


def listen(back: Callable[[], None] | None, onward: Callable[[], None] | None) -> None:
    """Call ``back`` or ``onward`` for a key; None where there is no such way."""
    _component()(
        data={"back": back is not None, "next": onward is not None},
        key="tour keys",
        on_back_change=back or _nothing,
        on_next_change=onward or _nothing,
    )


def _nothing() -> None:
    pass

"""A second method whose curves lie in the same plot, on demand; the address keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explanation import View
from xai_core.request import ExplainRequest
from xai_core.ui import progress, state
from xai_core.ui.words import plain, state_words

_KEY, _CHANGED, NAME = "beside", "beside changed", "beside"


def chosen(request: ExplainRequest) -> ExplainRequest | None:
    """The request whose curves lie beside those of ``request``: the same but for the method."""
    method = st.session_state.get(_KEY)
    if method is None or method == request.method or request.curves == "none":
        return None
    return replace(request, method=method, reliability=False)


def choose(request: ExplainRequest) -> None:
    """Draw the choice."""
    other = chosen(request)
    now = None if other is None else other.method
    st.segmented_control(
        "In the same plot, the curves of another method",
        [name for name in METHODS if name != request.method],
        default=now,
        format_func=lambda name: f"+ {METHODS[name].title}",
        key=state.key_showing(f"choose beside {request.method}", now),
        on_change=state.when_changed(f"choose beside {request.method}", _set),
        help="The same layer, class and levels. Click again to take it away. Score-CAM scores an "
        "image for every channel first, which takes a while.",
    )


def say(view: View | None) -> None:
    """Draw how far the other method is, or why it has no curves."""
    if view is None:
        return
    explanation = view.explanation
    if progress.pending(view):
        st.caption(f"The other method: {progress.words(view)}.")
    elif view.error:
        st.warning(plain(view.error, 600))
    elif explanation is None or explanation.curves is None:
        heatmap = explanation.heatmap if explanation else None
        name = explanation.target_name if explanation else "the class"
        why = state_words(heatmap.state, name) if heatmap else None
        st.caption(f"The other method has no curves. {why or ''}")


def changed() -> bool:
    """Whether another one was chosen since this was last asked."""
    return bool(st.session_state.pop(_CHANGED, False))


def _set(method: str | None) -> None:
    st.session_state[_KEY] = method
    st.session_state[_CHANGED] = True


def take(given: Mapping[str, str]) -> list[str]:
    """Take over what an address names; a sentence where it cannot be used."""
    method = given.get(NAME)
    if method is not None and method not in METHODS:
        return [
            f"The address names beside “{method:.60}”, but only {', '.join(METHODS)} exist; "
            "it was left out."
        ]
    st.session_state[_KEY] = method
    return []


def address(request: ExplainRequest) -> dict[str, str]:
    """The part of the address that leads back to it."""
    other = chosen(request)
    return {} if other is None else {NAME: other.method}

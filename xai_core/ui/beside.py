"""A second method whose curves lie in the same plot, on demand; the address keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explanation import View
from xai_core.request import CaseRequest
from xai_core.ui import progress, state
from xai_core.ui.words import plain, state_words

NAME = "beside"
"""The parameter of the address."""


@dataclass
class Second:
    """``method``: whose curves lie in the same plot; ``changed``: another one since it was looked
    at."""

    method: str | None = None
    changed: bool = False


def chosen(shown: CaseRequest) -> CaseRequest | None:
    """The request whose curves lie beside those of ``shown``: the same but for the method."""
    method = state.part(Second).method
    request = shown.request
    if method is None or method == request.method or request.curves == "none":
        return None
    return shown.change(method=method, reliability=False)


def choose(shown: CaseRequest) -> None:
    """Draw the choice."""
    other = chosen(shown)
    now = None if other is None else other.request.method
    method = shown.request.method
    st.segmented_control(
        "In the same plot, the curves of another method",
        [name for name in METHODS if name != method],
        default=now,
        format_func=lambda name: f"+ {METHODS[name].title}",
        key=state.key_showing(f"choose beside {method}", now),
        on_change=state.when_changed(f"choose beside {method}", _set),
        help="The same layer, class and options. Click again to take it away. Score-CAM scores an "
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
    second = state.part(Second)
    changed, second.changed = second.changed, False
    return changed


def _set(method: str | None) -> None:
    second = state.part(Second)
    second.method, second.changed = method, True


def take(given: Mapping[str, str]) -> list[str]:
    """Take over what an address names; a sentence where it cannot be used."""
    method = given.get(NAME)
    if method is not None and method not in METHODS:
        return [
            f"The address names beside “{method:.60}”, but only {', '.join(METHODS)} exist; "
            "it was left out."
        ]
    state.part(Second).method = method
    return []


def address(shown: CaseRequest) -> dict[str, str]:
    """The part of the address that leads back to it."""
    other = chosen(shown)
    return {} if other is None else {NAME: other.request.method}

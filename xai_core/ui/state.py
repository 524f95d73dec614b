"""What this browser session shows: one request, kept across pages and mirrored in the address.

Widgets do not own values: each is drawn as the request says and changes the request when a person
moves it.  So a page can be left and found again, and a value a person typed wrongly never reaches
the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from xai_core.request import ExplainRequest
from xai_core.ui.address import read_address, write_address

_REQUEST, _WRITTEN, _PROBLEMS = "request", "addresses written", "address problems"
_NOTHING = object()


def restore(
    case_ids: Iterable[str], also: Callable[[Mapping[str, str]], list[str]] = lambda _: []
) -> ExplainRequest:
    """The request on show: from the address where a person came with one, else as it was.

    ``also``: takes what else a page keeps in such an address; returns sentences about what of it
    cannot be used.
    """
    ids = tuple(case_ids)
    current = before = st.session_state.get(_REQUEST)
    if current is None or current.case_id not in ids:
        current = ExplainRequest(case_id=ids[0])
    given = {str(k): str(v) for k, v in st.query_params.items()}
    # A click may arrive with the address of the click before: one we wrote or have read already is
    # no news, only one that a person brought along is.
    known = st.session_state.setdefault(_WRITTEN, set())
    if given and tuple(sorted(given.items())) not in known:
        known.add(tuple(sorted(given.items())))
        current, problems = read_address(given, ids, current)
        st.session_state[_PROBLEMS] = problems + also(given)
    if current is not before:  # a click may be changing it meanwhile
        st.session_state[_REQUEST] = current
    return show()


def show() -> ExplainRequest:
    """The request on show."""
    request: ExplainRequest = st.session_state[_REQUEST]
    return request


def change(**fields: Any) -> None:
    """Show something else.  Sentences about the address that led here are then past.

    Raises:
        BadRequest: a value that is not allowed; what was on show stays.
    """
    # The baselines are asked for one map at a time: they are most of the work.
    fields = {"reliability": False, **fields}
    st.session_state[_REQUEST] = dataclasses.replace(show(), **fields)
    st.session_state[_PROBLEMS] = []


def problems() -> list[str]:
    """Sentences about what the address asked for and could not be had."""
    return list(st.session_state.get(_PROBLEMS, []))


def mirror(address: Mapping[str, str] | None = None) -> None:
    """Write the request into the address, or what a page writes instead of it."""
    address = dict(write_address(show()) if address is None else address)
    st.session_state.setdefault(_WRITTEN, set()).add(tuple(sorted(address.items())))
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def key_showing(widget: str, value: Any) -> str:
    """The key under which to draw a widget whose default is ``value``.

    Where the widget there shows another value (something else changed the request) this is a new
    key, so a new widget.  Writing the value into the old one would be a race: a message the browser
    sent before it heard of the write still holds the old value, and would count as a person's
    change back.
    """
    now = st.session_state.get(_key(widget), _NOTHING)
    if isinstance(now, list) and isinstance(value, list):
        now = sorted(now)  # switches come in the order they were clicked
    if now is not _NOTHING and now != value:
        st.session_state[f"turn of {widget}"] += 1
    return _key(widget)


def when_changed(widget: str, act: Callable[[Any], None]) -> Callable[[], None]:
    """What to do with the value of the widget just keyed, when a person changes it.

    Messages on their way when a new widget took its place still speak of the old one: they are not
    a person's doing, and are passed over.
    """
    key = _key(widget)

    def run() -> None:
        if key == _key(widget):
            act(st.session_state[key])

    return run


def _key(widget: str) -> str:
    return f"{widget} {st.session_state.setdefault(f'turn of {widget}', 0)}"

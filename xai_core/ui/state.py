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
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.model.classifier import Classifier
from xai_core.request import ExplainRequest
from xai_core.ui.address import read_address, write_address
from xai_core.ui.look import read_look, without_look

_REQUEST, _WRITTEN, _PROBLEMS = "request", "addresses written", "address problems"
_LOOK = "look of an address"
_NOTHING = object()
Parameters = Mapping[str, str]


def restore(
    case_ids: Iterable[str],
    classifier: Classifier,
    also: Callable[[Parameters], list[str]] = lambda _: [],
    translate: Callable[[Parameters], Parameters] = lambda given: given,
) -> ExplainRequest:
    """The request on show: from the address where a person came with one, else as it was.

    ``classifier``: its layers and classes can be asked for.  ``also``: takes what else a page keeps
    in such an address; returns sentences about what of it cannot be used.  ``translate``: what such
    an address says of the request, where a page writes it in other words.
    """
    ids = tuple(case_ids)
    current = before = st.session_state.get(_REQUEST)
    names = [layer.name for layer in classifier.layers]
    if current is None or current.case_id not in ids or current.layer not in names:
        current = ExplainRequest(case_id=ids[0], layer=names[0])
    given = {str(k): str(v) for k, v in st.query_params.items()}
    # A click may arrive with the address of the click before: one we wrote or have read already is
    # no news, only one that a person brought along is.
    known = st.session_state.setdefault(_WRITTEN, set())
    asked = without_look(given)
    written = tuple(sorted(asked.items()))
    back = going_back()
    if given and (back or written not in known):
        known.add(written)
        said = translate(asked)
        # What an address of ours leaves out is as usual; what a person's leaves out, as it was.
        usual = ExplainRequest(case_id=current.case_id, layer=names[0])
        current, problems = read_address(said, ids, usual if back and said else current, classifier)
        look, more = read_look(given)
        st.session_state[_LOOK] = {"turn": _turn() + 1, "said": look}
        st.session_state[_PROBLEMS] = problems + more + also(asked)
    if current is not before:  # a click may be changing it meanwhile
        st.session_state[_REQUEST] = current
    return show()


def going_back() -> bool:
    """Whether this run is of the browser's back or forward button."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and getattr(context, "is_history_navigation", False))


def _turn() -> int:
    return int(st.session_state.get(_LOOK, {}).get("turn", 0))


def look() -> dict[str, Any]:
    """What the address brought along for the viewer: ``said``, see :mod:`xai_core.ui.look`, and
    ``turn``, which rises with every such address, so that the viewer takes each over once."""
    return dict(st.session_state.get(_LOOK, {"turn": 0, "said": {}}))


def look_at(said: Mapping[str, Any]) -> None:
    """Let the viewer look as ``said``, see :func:`xai_core.ui.look.read_look`, once."""
    st.session_state[_LOOK] = {"turn": _turn() + 1, "said": dict(said)}


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
    st.session_state[_LOOK] = {"turn": _turn(), "said": {}}


def problems() -> list[str]:
    """Sentences about what the address asked for and could not be had."""
    return list(st.session_state.get(_PROBLEMS, []))


def mirror(address: Parameters | None = None) -> None:
    """Write the request into the address, or what a page writes instead of it.

    The viewer's own part of the address is written in the browser, and is left as it is there.
    """
    address = dict(write_address(show()) if address is None else address)
    st.session_state.setdefault(_WRITTEN, set()).add(tuple(sorted(address.items())))
    if without_look(st.query_params.to_dict()) != address:
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

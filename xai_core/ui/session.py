"""What this browser session keeps and shows.

What this browser session keeps, and the one request it shows, mirrored in the address.

Everything that is kept between two runs of a page is a typed part of one session, see :func:`part`;
a page's own part is a dataclass in that page's folder.  Widgets do not own values: each is drawn as
the request says and changes the request when a person moves it.  So a page can be left and found
again, and a value a person typed wrongly never reaches the rest.

Which case the other pages show, put aside while a page shows a case of its own.

Method, layer, class and levels stay one choice for all pages; only the case differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.ui.address import read_address, read_viewport, without_viewport, write_address

SESSION = "session"
"""The key in Streamlit's session state of all parts, each by the name of its class."""
_NOTHING = object()
Parameters = Mapping[str, str]
Part = TypeVar("Part")


def part(kind: type[Part]) -> Part:
    """This session's part of a class: a dataclass whose fields all have defaults."""
    parts: dict[str, Any] = st.session_state.setdefault(SESSION, {})
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in parts:
        parts[name] = kind()
    found: Part = parts[name]
    return found


@dataclass
class Shown:
    """The case and request on show.

    ``addresses``: those written or read already: they are no news when they come back.
    ``problems``: sentences about what an address asked for and could not be had.  ``look``: what
    the address said of the viewer; ``turn`` rises with every such address.
    """

    request: CaseRequest | None = None
    addresses: set[tuple[tuple[str, str], ...]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    viewport: dict[str, Any] = field(default_factory=dict)
    turn: int = 0


@dataclass
class Widgets:
    """How often each widget was replaced by a new one, by the widget's name."""

    turns: dict[str, int] = field(default_factory=dict)


def restore(
    case_ids: Iterable[str],
    classifier: Classifier,
    also: Callable[[Parameters], list[str]] = lambda _: [],
    translate: Callable[[Parameters], Parameters] = lambda given: given,
) -> CaseRequest:
    """The request on show: from the address where a person came with one, else as it was.

    ``classifier``: its layers and classes can be asked for.  ``also``: takes what else a page keeps
    in such an address; returns sentences about what of it cannot be used.  ``translate``: what such
    an address says of the request, where a page writes it in other words.
    """
    ids = tuple(case_ids)
    names = [layer.name for layer in classifier.layers]
    shown = part(Shown)
    current_ = before = shown.request
    if current_ is None or current_.case_id not in ids or current_.request.layer not in names:
        current_ = CaseRequest(ids[0], ExplainRequest(layer=names[0]))
    given = {str(k): str(v) for k, v in st.query_params.items()}
    # A click may arrive with the address of the click before: one we wrote or have read already is
    # no news, only one that a person brought along is.
    asked = without_viewport(given)
    written = tuple(sorted(asked.items()))
    back = going_back()
    if given and (back or written not in shown.addresses):
        shown.addresses.add(written)
        said = translate(asked)
        # What an address of ours leaves out is as usual; what a person's leaves out, as it was.
        usual = CaseRequest(current_.case_id, ExplainRequest(layer=names[0]))
        current_, problems = read_address(
            said, ids, usual if back and said else current_, classifier
        )
        viewport, more = read_viewport(given)
        set_viewport(viewport)
        shown.problems = problems + more + also(asked)
    if current_ is not before:  # a click may be changing it meanwhile
        shown.request = current_
    return current()


def going_back() -> bool:
    """Whether this run is of the browser's back or forward button."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and getattr(context, "is_history_navigation", False))


def viewport() -> dict[str, Any]:
    """What the address brought along for the viewer: ``said``, see :mod:`xai_core.ui.address`, and
    ``turn``, which rises with every such address, so that the viewer takes each over once."""
    shown = part(Shown)
    return {"turn": shown.turn, "said": dict(shown.viewport)}


def set_viewport(said: Mapping[str, Any]) -> None:
    """Let the viewer look as ``said``, see :func:`xai_core.ui.address.read_viewport`, once."""
    shown = part(Shown)
    shown.turn += 1
    shown.viewport = dict(said)


def current() -> CaseRequest:
    """The case and the request on show; there must be one, see :func:`restore`."""
    request = part(Shown).request
    if request is None:
        raise RuntimeError("nothing is on show yet: a page calls restore() first")
    return request


def change(**fields: Any) -> None:
    """Show something else: see :meth:`xai_core.explain.request.CaseRequest.change`.

    Sentences about the address that led here are then past.

    Raises:
        BadRequest: a value that is not allowed; what was on show stays.
    """
    # The baselines are asked for one map at a time: they are most of the work.
    fields = {"reliability": False, **fields}
    shown = part(Shown)
    shown.request = current().change(**fields)
    shown.problems = []
    shown.viewport = {}


def problems() -> list[str]:
    """Sentences about what the address asked for and could not be had."""
    return list(part(Shown).problems)


def mirror(address: Parameters | None = None) -> None:
    """Write the request into the address, or what a page writes instead of it.

    The viewer's own part of the address is written in the browser, and is left as it is there.
    """
    address = dict(write_address(current()) if address is None else address)
    part(Shown).addresses.add(tuple(sorted(address.items())))
    if without_viewport(st.query_params.to_dict()) != address:
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
        part(Widgets).turns[widget] += 1
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
    return f"{widget} {part(Widgets).turns.setdefault(widget, 0)}"


@dataclass
class CaseOverride:
    """``case_id``: the other pages' case while a page shows one of its own."""

    case_id: str | None = None


def override_case(case_id: str) -> None:
    """Show ``case_id`` until :func:`restore_case`; there must be a request on show."""
    now = current()
    if now.case_id != case_id:
        part(CaseOverride).case_id = now.case_id
        change(case_id=case_id, reliability=now.request.reliability)


def restore_case() -> None:
    """Show the case that was put aside again, if one was."""
    kept = part(CaseOverride)
    case_id, kept.case_id = kept.case_id, None
    if case_id is not None:
        change(case_id=case_id, reliability=current().request.reliability)

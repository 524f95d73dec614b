"""The state of one browser session: its parts, the current case request, its address, its widgets.

Everything kept between two runs of a page is a typed part of the session, see :func:`part`; a page
declares its own part as a dataclass in its folder.

Widgets do not own values.  Each widget is drawn with the value in the current request and changes
the request when the user changes it, so a page can be left and entered again with the same choices,
and an invalid value never reaches the request.  Method, layer, class and levels are shared by all
pages; only the case may be overridden by a page, see :func:`override_case`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.ui.address import (
    VIEWPORT_NAMES,
    read_address,
    read_viewport,
    without_viewport,
    write_address,
)

SESSION = "session"
"""The key in Streamlit's session state under which all parts are kept, each by its class name."""
_MISSING = object()
Parameters = Mapping[str, str]
Part = TypeVar("Part")


# --- parts ---


def part(kind: type[Part]) -> Part:
    """This session's instance of ``kind``, a dataclass whose fields all have defaults."""
    parts: dict[str, Any] = st.session_state.setdefault(SESSION, {})
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in parts:
        parts[name] = kind()
    instance: Part = parts[name]
    return instance


# --- the current case request ---


@dataclass
class ShownRequest:
    """The current case request and the address it came from.

    ``known_addresses``: addresses that this session has written or read; they are not read again.
    ``address``: the one that was written last, without the viewport.
    ``problems``: sentences about unusable parts of the last address, for the page with the title
    ``page``, which was opened with it.  ``viewport``: the viewport
    in the last address; ``viewport_version`` rises with every address that is read.
    """

    request: CaseRequest | None = None
    known_addresses: set[tuple[tuple[str, str], ...]] = field(default_factory=set)
    address: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    page: str = ""
    viewport: dict[str, Any] = field(default_factory=dict)
    viewport_version: int = 0


def begin_page(title: str) -> None:
    """Begin a run of the page ``title``: what another page's address had unusable is not told."""
    shown = part(ShownRequest)
    if shown.page != title:
        shown.page, shown.problems = title, []


def restore(
    case_ids: Iterable[str],
    classifier: Classifier,
    read_page_part: Callable[[Parameters], list[str]] = lambda _: [],
    request_part: Callable[[Parameters], Parameters] = lambda parameters: parameters,
) -> CaseRequest:
    """The current case request, after reading the address if the user opened a new one.

    Args:
        case_ids: the ids of all cases of the source.
        classifier: gives the allowed layers and classes.
        read_page_part: reads the page's own parameters from a new address; returns one sentence
            for each that cannot be used.
        request_part: maps a new address to the parameters of the case request, for pages that
            write these differently.
    """
    ids = tuple(case_ids)
    layer_names = [layer.name for layer in classifier.layers]
    shown = part(ShownRequest)
    request = before = shown.request
    if request is None or request.case_id not in ids or request.request.layer not in layer_names:
        request = CaseRequest(ids[0], ExplainRequest(layer=layer_names[0]))
    parameters = {str(k): str(v) for k, v in st.query_params.items()}
    # A click may arrive with the address of the previous click.  An address that this session has
    # written or read must not be read again; only one that the user opened counts.
    page_parameters = without_viewport(parameters)
    address = tuple(sorted(page_parameters.items()))
    history = is_history_navigation()
    if parameters and (history or address not in shown.known_addresses):
        shown.known_addresses.add(address)
        request_parameters = request_part(page_parameters)
        # An address in the browser's history was written by this program, which leaves out
        # defaults.  In any other address, what is missing stays as it is.
        default = CaseRequest(request.case_id, ExplainRequest(layer=layer_names[0]))
        request, problems = read_address(
            request_parameters,
            ids,
            default if history and request_parameters else request,
            classifier,
        )
        viewport, viewport_problems = read_viewport(parameters)
        set_viewport(viewport)
        shown.problems = problems + viewport_problems + read_page_part(page_parameters)
    if request is not before:  # otherwise untouched: a callback may be changing it concurrently
        shown.request = request
    return current()


def is_history_navigation() -> bool:
    """Whether this run was started by the browser's back or forward button."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and getattr(context, "is_history_navigation", False))


def viewport() -> dict[str, Any]:
    """The viewport from the last address, as the viewer takes it.

    ``values``: the values, see :func:`xai_core.ui.address.read_viewport`.  ``turn``: a version that
    rises with every address, so that the viewer applies each one once.
    """
    shown = part(ShownRequest)
    return {"turn": shown.viewport_version, "values": dict(shown.viewport)}


def set_viewport(values: Mapping[str, Any]) -> None:
    """Make the viewer apply ``values`` once, see :func:`xai_core.ui.address.read_viewport`."""
    shown = part(ShownRequest)
    shown.viewport_version += 1
    shown.viewport = dict(values)


def current() -> CaseRequest:
    """The current case request; a page calls :func:`restore` before.

    Raises:
        RuntimeError: :func:`restore` was not called in this session.
    """
    request = part(ShownRequest).request
    if request is None:
        raise RuntimeError("nothing is on show yet: a page calls restore() first")
    return request


def change(**fields: Any) -> None:
    """Change the current request: see :meth:`xai_core.explain.request.CaseRequest.change`.

    Discards the problems and the viewport of the address that was read last.

    Raises:
        BadRequest: a value is not allowed; the current request stays.
    """
    # The baseline orders are most of the work, so they are asked for one map at a time.
    fields = {"reliability": False, **fields}
    shown = part(ShownRequest)
    shown.request = current().change(**fields)
    shown.problems = []
    shown.viewport = {}


def problems() -> list[str]:
    """One sentence for each part of the last address that could not be used."""
    return list(part(ShownRequest).problems)


def set_problems(sentences: Sequence[str]) -> None:
    """Replace what :func:`problems` returns."""
    part(ShownRequest).problems = list(sentences)


def update_address(address: Parameters | None = None) -> None:
    """Write the current request into the address, or ``address`` if a page writes its own.

    The browser writes the viewport's parameters; they are left as they are.
    """
    address = dict(write_address(current()) if address is None else address)
    _note_written(address)
    if without_viewport(st.query_params.to_dict()) != address:
        st.query_params.from_dict(address)


def update_address_part(names: Iterable[str], parameters: Parameters) -> None:
    """Replace the parameters ``names`` of the address by ``parameters``.

    For a fragment, which runs without its page: the other parameters are those that the page wrote
    last.  The browser's own address may be an earlier one, if input came faster than answers.
    """
    written = part(ShownRequest).address
    replaced = {name: value for name, value in written.items() if name not in set(names)}
    address = replaced | dict(parameters)
    if address == written:
        return
    _note_written(address)
    in_browser = st.query_params.to_dict()
    viewport = {name: in_browser[name] for name in VIEWPORT_NAMES if name in in_browser}
    st.query_params.from_dict(address | viewport)


def _note_written(address: Parameters) -> None:
    shown = part(ShownRequest)
    shown.address = dict(address)
    shown.known_addresses.add(tuple(sorted(address.items())))


# --- widgets ---


@dataclass
class Widgets:
    """``versions``: how often each widget was replaced by a new one, by the widget's name."""

    versions: dict[str, int] = field(default_factory=dict)


def widget_key(widget: str, value: Any) -> str:
    """The key under which to draw a widget whose default is ``value``.

    If the widget shows another value (because something else changed the request), this is a new
    key, which makes a new widget.  Writing the value into the existing widget would be a race: a
    message that the browser sent before it received the write still holds the old value and would
    be taken for the user changing it back.
    """
    shown = st.session_state.get(_key(widget), _MISSING)
    if isinstance(shown, list) and isinstance(value, list):
        shown = sorted(shown)  # pills come in the order in which they were clicked
    if shown is not _MISSING and shown != value:
        part(Widgets).versions[widget] += 1
    return _key(widget)


def on_user_change(widget: str, act: Callable[[Any], None]) -> Callable[[], None]:
    """The callback of the widget just keyed: calls ``act`` with the value the user chose.

    A message that was on its way when a new widget replaced this one concerns the old widget.  It
    is not a choice of the user and is ignored.
    """
    key = _key(widget)

    def callback() -> None:
        if key == _key(widget):
            act(st.session_state[key])

    return callback


def _key(widget: str) -> str:
    return f"{widget} {part(Widgets).versions.setdefault(widget, 0)}"


# --- a case that only one page shows ---


@dataclass
class CaseOverride:
    """``case_id``: the case of the other pages while one page shows another; else None."""

    case_id: str | None = None


def override_case(case_id: str) -> None:
    """Show ``case_id`` until :func:`restore_case`; :func:`restore` must have been called."""
    shown = current()
    if shown.case_id != case_id:
        part(CaseOverride).case_id = shown.case_id
        change(case_id=case_id, reliability=shown.request.reliability)


def restore_case() -> None:
    """Show the case from before :func:`override_case` again, if there was one."""
    override = part(CaseOverride)
    case_id, override.case_id = override.case_id, None
    if case_id is not None:
        change(case_id=case_id, reliability=current().request.reliability)

"""The viewer on a page: a case with its heatmap, and Hybrid-CAM's area levels.

The viewer is a component that draws images and maps in the browser, so that zooming, windowing and
switching levels need no answer from the server.  This module sends it the data and handles what it
reports back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from xai_core.cam import METHODS
from xai_core.cases.sources.upload import OWN_ID
from xai_core.errors import BadRequest
from xai_core.explain.explanation import Explanation
from xai_core.list_text import percentages
from xai_core.preprocessing.breast import breast_mask
from xai_core.preprocessing.letterbox import Geometry, fit
from xai_core.settings import ASSETS
from xai_core.types import PAPER_LEVELS, Case
from xai_core.ui import deferred, session
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain, request_words, score_words, state_words
from xai_core.viz import style
from xai_core.viz.viewer_data import case_data, heat_data, stepper_data, stepper_images, tables

_FOLDER = ASSETS / "viewer"
Handler = Callable[[Any], None]
"""Called with what the browser reports: plain values from outside, so the handler checks them."""


# --- area levels ---


@dataclass
class LevelState:
    """``own``: levels in percent that the user added in this session.  ``problem``: why the last
    requested levels were refused, in a sentence; empty if they were not."""

    own: set[float] = field(default_factory=set)
    problem: str = ""


def offered_levels() -> tuple[float, ...]:
    """The levels that can be switched on, in percent: the paper's and those the user added."""
    state = session.part(LevelState)
    state.own |= set(_active_levels()) - set(PAPER_LEVELS)
    return tuple(sorted({*PAPER_LEVELS, *state.own}))


def _active_levels() -> tuple[float, ...]:
    levels: tuple[float, ...] = session.current().request.option("levels")
    return levels


def level_problem() -> str:
    """Why the last requested levels were refused, in a sentence; empty if they were not."""
    return session.part(LevelState).problem


def choose_levels(levels: list[float]) -> None:
    """Request the map of these levels, in percent."""
    if not levels:
        session.part(LevelState).problem = "At least one level stays on."
        return
    try:
        session.change(levels=tuple(levels))
    except BadRequest as problem:
        session.part(LevelState).problem = str(problem)
    else:
        session.part(LevelState).problem = ""


def add_levels(text: str) -> None:
    """Add the levels in a text that the user typed."""
    try:
        added = percentages(text)
    except BadRequest as problem:
        session.part(LevelState).problem = str(problem)
    else:
        choose_levels([*_active_levels(), *added])


def reset_levels() -> None:
    """Request the paper's ten levels and drop those that the user added."""
    session.part(LevelState).own = set()
    choose_levels(list(PAPER_LEVELS))


# --- the component ---


def script(*folders: str) -> str:
    """The viewer's script: the shared defaults, then the files in the order of ``scripts.json``.

    ``folders``: only these folders, such as ``model``; all of them if none is named.
    """
    listed: dict[str, list[str]] = json.loads((_FOLDER / "scripts.json").read_text("utf-8"))
    files = [_FOLDER / folder / name for folder in folders or listed for name in listed[folder]]
    return "\n".join([style.as_script(), *(path.read_text("utf-8") for path in files)])


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are files of this project, never case data."""
    return st.components.v2.component(
        "cesm_viewer",
        html=(_FOLDER / "viewer.html").read_text("utf-8"),
        css=(_FOLDER / "viewer.css").read_text("utf-8"),
        js=script(),
    )


@dataclass
class LastMessage:
    """``id``: of the message from the browser that was handled last; 0 before the first."""

    id: int = 0


def mount(data: dict[str, Any], key: str, **handlers: Handler) -> None:
    """Draw the component.

    ``handlers``: by the name of the message from the browser.  The browser sends the next message
    only when the data name the last one (see ``assets/viewer/model/outbox.js``).
    """
    last = session.part(LastMessage)

    def callback(name: str, handler: Handler) -> Callable[[], None]:
        def handle() -> None:
            message = st.session_state[key][name]
            last.id = message["id"]
            handler(message["value"])

        return handle

    callbacks = {f"on_{name}_change": callback(name, handler) for name, handler in handlers.items()}
    sent = memoised("viewer tables", (), tables) | data | {"answered": last.id}
    _component()(data=sent, key=key, **callbacks)


# --- a case and its heatmap ---


def show(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    viewport: dict[str, Any] | None = None,
    marks: dict[str, Any] | None = None,
    before: tuple[Case, Explanation | None] | None = None,
    waiting_words: str = "The heatmap is being computed.",
    play: str = "",
    curves: bool = False,
) -> None:
    """Draw a case in the viewer, with its heatmap as soon as a part of it is known.

    Args:
        case: its images are drawn.
        explanation: the result so far; None before the first part.
        input_size: side of the network's input, px.
        viewport: see :func:`xai_core.ui.session.viewport`; None keeps it out of the address.
        marks: of a blind reading, see :func:`xai_core.ui.blind.blind_session.viewer_marks`.
        before: a case of which ``case`` is a changed copy, and its result so far: the two are shown
            beside each other, with their difference.
        waiting_words: said under the viewer while there is no heatmap.
        play: begins with "levels" or "curve", the control that plays once by itself; another text
            plays again.
        curves: whether curves of the map are measured, so that their place is reserved.
    """
    heatmap = explanation.heatmap if explanation else None
    if explanation is not None and heatmap is not None:
        reason = state_words(heatmap.state, explanation.target_name)
        if reason:
            st.info(plain(reason, 600))
    uses_levels = METHODS[session.current().request.method].uses_levels
    mount(
        _data(
            case,
            explanation,
            input_size,
            offered=offered_levels() if uses_levels else (),
            viewport=viewport,
            marks=marks,
            before=before,
            play=play,
            curves=curves,
        ),
        "viewer",
        levels=lambda levels: choose_levels(_numbers(levels)),
        own=lambda text: add_levels(str(text or "")),
        paper=lambda _: reset_levels(),
        drawn=lambda _: deferred.note_drawn(),
    )
    with st.container(key="map-state"):  # of one height, so that nothing below moves
        st.caption("\N{NO-BREAK SPACE}" if heatmap is not None else waiting_words)


def _data(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    offered: Sequence[float],
    viewport: dict[str, Any] | None,
    marks: dict[str, Any] | None,
    before: tuple[Case, Explanation | None] | None,
    play: str,
    curves: bool,
) -> dict[str, Any]:
    """What the viewer is sent.  ``offered``: the area levels that get a switch, in percent."""
    geometry, heat = _geometry_and_heat(case, explanation, input_size)
    heatmap = explanation.heatmap if explanation else None
    drawn = heat is not None and heatmap is not None and heatmap.state.ranked
    pictures = memoised("viewer case", (case, input_size), lambda: case_data(case, geometry))
    # Before the first picture, only what it needs is sent: the rest is most of the data and would
    # delay it.  An address with a viewport may show any part, so then everything is sent.
    first = not deferred.viewer_has_drawn()
    picture_only = first and not (viewport and viewport["values"])
    scrub = None if picture_only else _stepper(case, explanation)
    return {
        "case": {"low": pictures["low"], "digest": pictures["digest"]}
        if picture_only
        else pictures,
        "before": None if before is None else _before(*before, input_size),
        "heat": heat,
        "offered": list(offered),
        "problem": level_problem(),
        "scrub": scrub,
        "follows": curves and scrub is None and (heatmap is None or heatmap.state.ranked),
        "viewport": viewport,
        "marks": marks,
        "play": play,
        "words": _labels(case, explanation, drawn=drawn),
        "first": first,
    }


def _geometry_and_heat(
    case: Case, explanation: Explanation | None, input_size: int
) -> tuple[Geometry, dict[str, Any] | None]:
    """How the case lies in the network's square, and its map as the viewer takes it."""
    if explanation is None:
        return memoised("geometry", (case, input_size), lambda: fit(case.image, input_size)), None
    geometry, heatmap = explanation.prepared.geometry, explanation.heatmap
    if heatmap is None:
        return geometry, None
    grey = explanation.prepared.grey
    breast = memoised("viewer breast", (case, input_size), lambda: breast_mask(grey))
    return geometry, memoised(
        "viewer heat",
        (heatmap, explanation.levels, explanation.known_levels),
        lambda: heat_data(
            heatmap,
            explanation.request.method,
            geometry,
            explanation.levels,
            explanation.known_levels,
            breast,
        ),
    )


def _before(case: Case, explanation: Explanation | None, input_size: int) -> dict[str, Any]:
    """The unchanged case beside a changed one: its pictures and its map."""
    geometry, heat = _geometry_and_heat(case, explanation, input_size)
    pictures = memoised("viewer case", (case, input_size), lambda: case_data(case, geometry))
    return {**pictures, "heat": heat}


def _numbers(values: Any) -> list[float]:
    """The numbers in a list from the browser; anything else is left out."""
    return [float(x) for x in values or [] if isinstance(x, int | float)]


def _stepper(case: Case, explanation: Explanation | None) -> dict[str, Any] | None:
    """The data of the curve stepper; None while there are no curves."""
    if explanation is None or explanation.heatmap is None or explanation.curves is None:
        return None
    prepared, heatmap, curves = explanation.prepared, explanation.heatmap, explanation.curves
    name = explanation.target_name
    size = len(prepared.grey)
    images = memoised("scrub images", (case, size), lambda: stepper_images(prepared.grey))
    ties = explanation.request.ties
    return memoised(
        "scrub", (case, heatmap, curves, ties),
        lambda: stepper_data(images, prepared.geometry, heatmap.values, curves, name, ties),
    )  # fmt: skip


def _labels(case: Case, explanation: Explanation | None, drawn: bool) -> dict[str, str]:
    """The accessible name of each pane, the score that the colour bar shows, and the name of the
    image that the heatmap is laid over."""
    heat_label = f"The mammogram {case.id}; no heatmap yet"
    score = ""
    if explanation is not None and drawn:
        what = request_words(explanation)
        heat_label = f"The mammogram {case.id} with the heatmap over it: {what}"
        score = score_words(explanation)
    return {
        "plain": f"The mammogram {case.id} as it is",
        "difference": f"The difference between {case.id} and the unchanged mammogram",
        "heat": heat_label,
        "recombined": f"The recombined image of {case.id}",
        "score": score,
        # Of a single picture from a file nobody knows which of the two it is.
        "low": "image" if case.id == OWN_ID and case.recombined is None else "low-energy",
    }

"""The viewer on a page: the component, the picture with its map, the area levels.

Hybrid-CAM's area levels: what is on offer, and what the viewer's hand asks for.

The viewer: one component that draws images and maps in the browser, where hands are fast.

The image and the heatmap over it, or in words why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from xai_core.cam import METHODS
from xai_core.errors import BadRequest
from xai_core.explain.explanation import Explanation
from xai_core.list_text import percentages
from xai_core.preprocessing.letterbox import fit
from xai_core.settings import ASSETS
from xai_core.types import PAPER_LEVELS, Case, MapState
from xai_core.ui import deferred, session
from xai_core.ui.memo import memoised
from xai_core.ui.wording import asked_words, state_words
from xai_core.viz import style
from xai_core.viz.viewer_data import case_data, heat_data, stepper_data, stepper_images, tables


@dataclass
class Levels:
    """``own``: levels in percent that were added in this session.  ``problem``: why the last levels
    asked for could not be had, in a sentence; else empty."""

    own: set[float] = field(default_factory=set)
    problem: str = ""


def offered_levels() -> tuple[float, ...]:
    """The paper's levels and every own one added in this session, in percent."""
    kept = session.part(Levels)
    kept.own |= set(_levels()) - set(PAPER_LEVELS)
    return tuple(sorted({*PAPER_LEVELS, *kept.own}))


def offered_levels_now() -> tuple[float, ...]:
    """The levels that can be switched: none where the method has no levels."""
    return offered_levels() if METHODS[session.current().request.method].uses_levels else ()


def _levels() -> tuple[float, ...]:
    levels: tuple[float, ...] = session.current().request.option("levels")
    return levels


def level_problem() -> str:
    """Why the last levels asked for could not be had, in a sentence; else empty."""
    return session.part(Levels).problem


def choose_levels(levels: list[float]) -> None:
    """Ask for these levels, in percent."""
    if not levels:
        session.part(Levels).problem = "At least one level stays on."
        return
    try:
        session.change(levels=tuple(levels))
    except BadRequest as problem:
        session.part(Levels).problem = str(problem)
    else:
        session.part(Levels).problem = ""


def add_levels(text: str) -> None:
    """Add the levels a person typed."""
    try:
        added = percentages(text)
    except BadRequest as problem:
        session.part(Levels).problem = str(problem)
    else:
        choose_levels([*_levels(), *added])


def paper_levels() -> None:
    """The paper's ten levels, and no others on offer."""
    session.part(Levels).own = set()
    choose_levels(list(PAPER_LEVELS))


_FOLDER = ASSETS / "viewer"
Handler = Callable[[Any], None]
"""What is called with what a hand did in the browser: plain values, from outside, so checked."""


def script(*folders: str) -> str:
    """The viewer's script: the shared defaults, then the files in the order of ``scripts.json``.

    ``folders``: the parts wanted, such as ``model``; all of them where none is named.
    """
    listed: dict[str, list[str]] = json.loads((_FOLDER / "scripts.json").read_text("utf-8"))
    files = [_FOLDER / part / name for part in folders or listed for name in listed[part]]
    return "\n".join([style.as_script(), *(path.read_text("utf-8") for path in files)])


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are this project's own files, never data."""
    return st.components.v2.component(
        "cesm_viewer",
        html=(_FOLDER / "viewer.html").read_text("utf-8"),
        css=(_FOLDER / "viewer.css").read_text("utf-8"),
        js=script(),
    )


def mount(data: dict[str, Any], key: str, **handlers: Handler) -> None:
    """Draw the component.  ``hands``: by the name of what the browser reports."""

    def heard(name: str, act: Handler) -> Callable[[], None]:
        return lambda: act(st.session_state[key][name])

    callbacks = {f"on_{name}_change": heard(name, act) for name, act in handlers.items()}
    _component()(data=memoised("viewer tables", (), tables) | data, key=key, **callbacks)


def mount_case(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    offered: Sequence[float] = (),
    on_levels: Callable[[list[float]], None] | None = None,
    on_own_levels: Callable[[str], None] | None = None,
    on_paper_levels: Callable[[], None] | None = None,
    problem: str = "",
    viewport: dict[str, Any] | None = None,
    marks: dict[str, Any] | None = None,
    key: str = "viewer",
) -> None:
    """Draw a case, and its map as soon as there is one: everything a hand changes (zoom, window,
    opacity, outline, area levels) is drawn in the browser and asks nothing of the server.

    ``offered``: the area levels there are switches for, in percent.  ``on_levels``: called with
    the levels that are on when the hand lets go.  ``on_own_levels``: with levels as a person typed
    them.  ``on_paper_levels``: for the paper's ten.  ``problem``: what was wrong with the last
    levels.  ``look``: see :func:`xai_core.ui.session.look`; None keeps it out of the address.
    ``marks``: a reader's, see :func:`xai_core.ui.blind.blind_session.marks_on_show`.
    """
    geometry = (
        explanation.prepared.geometry
        if explanation
        else memoised("geometry", (case, input_size), lambda: fit(case.image, input_size))
    )
    heatmap = explanation.heatmap if explanation else None
    heat = None
    if explanation is not None and heatmap is not None:
        heat = memoised(
            "viewer heat",
            (heatmap, explanation.levels, explanation.known_levels),
            lambda: heat_data(
                heatmap,
                explanation.request.method,
                geometry,
                explanation.levels,
                explanation.known_levels,
            ),
        )
    drawn = heat is not None and heatmap is not None and heatmap.state is MapState.OK
    pictures = memoised("viewer case", (case, input_size), lambda: case_data(case, geometry))
    # At first only what is seen at first: the rest is most of it, and would come in between.
    first = not deferred.viewer_has_drawn()
    few = first and not (viewport and viewport["said"])
    data = {
        "case": {"low": pictures["low"], "digest": pictures["digest"]} if few else pictures,
        "heat": heat,
        "offered": list(offered),
        "problem": problem,
        "scrub": None if few else _scrub(case, explanation),
        "follows": few and explanation is not None and explanation.curves is not None,
        "viewport": viewport,
        "marks": marks,
        "words": _words(case, explanation, drawn=drawn),
        "first": first,
    }
    mount(
        data,
        key,
        levels=lambda levels: on_levels(_numbers(levels)) if on_levels else None,
        own=lambda text: on_own_levels(str(text or "")) if on_own_levels else None,
        paper=lambda _: on_paper_levels() if on_paper_levels else None,
        drawn=lambda _: deferred.note_drawn(),
    )


def _numbers(given: Any) -> list[float]:
    """The numbers of a list from the browser; what is none is left out."""
    return [float(x) for x in given or [] if isinstance(x, int | float)]


def _scrub(case: Case, explanation: Explanation | None) -> dict[str, Any] | None:
    """What the curves can be stepped through with, as soon as there are some."""
    if explanation is None or explanation.heatmap is None or explanation.curves is None:
        return None
    prepared, heatmap, curves = explanation.prepared, explanation.heatmap, explanation.curves
    name = explanation.target_name
    size = len(prepared.grey)
    images = memoised("scrub images", (case, size), lambda: stepper_images(prepared.grey))
    return memoised(
        "scrub", (case, heatmap, curves),
        lambda: stepper_data(images, prepared.geometry, heatmap.values, curves, name),
    )  # fmt: skip


def _words(case: Case, explanation: Explanation | None, drawn: bool) -> dict[str, str]:
    """What each pane shows, for those who hear it; the class whose score the colours stand for."""
    over = f"The mammogram {case.id}; no heatmap yet"
    score = ""
    if explanation is not None and drawn:
        asked = asked_words(explanation)
        over = f"The mammogram {case.id} with the heatmap over it: {asked}"
        score = f"{explanation.target_name} class score"
    return {
        "plain": f"The mammogram {case.id} as it is",
        "heat": over,
        "recombined": f"The recombined image of {case.id}",
        "score": score,
    }


def show(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    viewport: dict[str, Any] | None = None,
    marks: dict[str, Any] | None = None,
) -> None:
    """Draw what there is: the image at once, and the map as soon as there is a part of one.

    ``look``: what the page's address says of the viewer; None where the page keeps no look there.
    ``marks``: a reader's; None where there are none.
    """
    heatmap = explanation.heatmap if explanation else None
    if explanation is not None and heatmap is not None:
        why = state_words(heatmap.state, explanation.target_name)
        if why:
            st.info(why)
    mount_case(
        case,
        explanation,
        input_size,
        offered=offered_levels_now(),
        on_levels=choose_levels,
        on_own_levels=add_levels,
        on_paper_levels=paper_levels,
        problem=level_problem(),
        viewport=viewport,
        marks=marks,
    )
    if heatmap is None:
        st.caption("The heatmap is being computed.")

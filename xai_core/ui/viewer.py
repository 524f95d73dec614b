"""The viewer: one component that draws images and maps in the browser, where hands are fast."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from xai_core.explanation import Explanation
from xai_core.model.geometry import fit
from xai_core.settings import ASSETS
from xai_core.types import Case, MapState
from xai_core.ui import first_sight
from xai_core.ui.remembered import remembered
from xai_core.ui.words import asked_words
from xai_core.viz import viewer_defaults
from xai_core.viz.scrub_data import scrub_data, scrub_images
from xai_core.viz.viewer_data import case_data, heat_data, tables

_FOLDER = ASSETS / "viewer"
Hand = Callable[[Any], None]
"""What is called with what a hand did in the browser: plain values, from outside, so checked."""


def script(*folders: str) -> str:
    """The viewer's script: the shared defaults, then the files in the order of ``scripts.json``.

    ``folders``: the parts wanted, such as ``model``; all of them where none is named.
    """
    listed: dict[str, list[str]] = json.loads((_FOLDER / "scripts.json").read_text("utf-8"))
    files = [_FOLDER / part / name for part in folders or listed for name in listed[part]]
    return "\n".join([viewer_defaults.as_script(), *(path.read_text("utf-8") for path in files)])


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are this project's own files, never data."""
    return st.components.v2.component(
        "cesm_viewer",
        html=(_FOLDER / "viewer.html").read_text("utf-8"),
        css=(_FOLDER / "viewer.css").read_text("utf-8"),
        js=script(),
    )


def mount(data: dict[str, Any], key: str, **hands: Hand) -> None:
    """Draw the component.  ``hands``: by the name of what the browser reports."""

    def heard(name: str, act: Hand) -> Callable[[], None]:
        return lambda: act(st.session_state[key][name])

    callbacks = {f"on_{name}_change": heard(name, act) for name, act in hands.items()}
    _component()(data=remembered("viewer tables", (), tables) | data, key=key, **callbacks)


def show(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    offered: Sequence[float] = (),
    on_levels: Callable[[list[float]], None] | None = None,
    on_own_levels: Callable[[str], None] | None = None,
    on_paper_levels: Callable[[], None] | None = None,
    problem: str = "",
    look: dict[str, Any] | None = None,
    marks: dict[str, Any] | None = None,
    key: str = "viewer",
) -> None:
    """Draw a case, and its map as soon as there is one: everything a hand changes (zoom, window,
    opacity, outline, area levels) is drawn in the browser and asks nothing of the server.

    ``offered``: the area levels there are switches for, in percent.  ``on_levels``: called with
    the levels that are on when the hand lets go.  ``on_own_levels``: with levels as a person typed
    them.  ``on_paper_levels``: for the paper's ten.  ``problem``: what was wrong with the last
    levels.  ``look``: see :func:`xai_core.ui.state.look`; None keeps it out of the address.
    ``marks``: a reader's, see :func:`xai_core.ui.blind.session.marks_on_show`.
    """
    geometry = (
        explanation.prepared.geometry
        if explanation
        else remembered("geometry", (case, input_size), lambda: fit(case.image, input_size))
    )
    heatmap = explanation.heatmap if explanation else None
    heat = None
    if explanation is not None and heatmap is not None:
        heat = remembered(
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
    pictures = remembered("viewer case", (case, input_size), lambda: case_data(case, geometry))
    # At first only what is seen at first: the rest is most of it, and would come in between.
    first = not first_sight.had()
    few = first and not (look and look["said"])
    data = {
        "case": {"low": pictures["low"], "digest": pictures["digest"]} if few else pictures,
        "heat": heat,
        "offered": list(offered),
        "problem": problem,
        "scrub": None if few else _scrub(case, explanation),
        "follows": few and explanation is not None and explanation.curves is not None,
        "look": look,
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
        drawn=lambda _: first_sight.note(),
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
    images = remembered("scrub images", (case, size), lambda: scrub_images(prepared.grey))
    return remembered(
        "scrub", (case, heatmap, curves),
        lambda: scrub_data(images, prepared.geometry, heatmap.values, curves, name),
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

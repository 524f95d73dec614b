"""The viewer: one component that draws images and maps in the browser, where hands are fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from xai_core.explanation import Explanation
from xai_core.model.geometry import fit
from xai_core.settings import ASSETS
from xai_core.types import CLASS_NAMES, Case
from xai_core.ui.remembered import remembered
from xai_core.ui.words import asked_words
from xai_core.viz.scrub_data import scrub_data, scrub_images
from xai_core.viz.viewer_data import case_data, heat_data, tables

_FOLDER = ASSETS / "viewer"


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once.  Its parts are this project's own files, never data."""
    script = "\n".join(p.read_text("utf-8") for p in sorted((_FOLDER / "js").glob("*.js")))
    return st.components.v2.component(
        "cesm_viewer",
        html=(_FOLDER / "viewer.html").read_text("utf-8"),
        css=(_FOLDER / "viewer.css").read_text("utf-8"),
        js=script,
    )


def show(
    case: Case, explanation: Explanation | None, input_size: int, *, offered: Sequence[float],
    on_levels: Callable[[list[float]], None], key: str = "viewer",
) -> None:  # fmt: skip
    """Draw a case, and its map as soon as there is one: everything a hand changes (zoom, window,
    opacity, outline, the range of levels) is drawn in the browser and asks nothing of the server.

    ``offered``: the area levels a range can be slid over, in percent.  ``on_levels``: called with
    the levels in the range when the hand lets go.
    """
    geometry = (
        explanation.prepared.geometry
        if explanation
        else remembered("geometry", (case,), lambda: fit(case.image, input_size))
    )
    pictures = remembered("viewer case", (case,), lambda: case_data(case, geometry))
    heatmap = explanation.heatmap if explanation else None
    heat = None
    if explanation is not None and heatmap is not None:
        heat = remembered(
            "viewer heat",
            (heatmap, explanation.levels),
            lambda: heat_data(heatmap, explanation.request.method, geometry, explanation.levels),
        )
    data = {
        **remembered("viewer tables", (), tables),
        "case": pictures,
        "heat": heat,
        "offered": list(offered),
        "scrub": _scrub(explanation),
        "words": _words(case, explanation, drawn=heat is not None),
    }

    def slid() -> None:
        on_levels([float(level) for level in st.session_state[key]["levels"] or []])

    _component()(data=data, key=key, on_levels_change=slid)


def _scrub(explanation: Explanation | None) -> dict[str, Any] | None:
    """What the curves can be stepped through with, as soon as there are some."""
    if explanation is None or explanation.heatmap is None or explanation.curves is None:
        return None
    prepared, heatmap, curves = explanation.prepared, explanation.heatmap, explanation.curves
    name = CLASS_NAMES[explanation.target]
    images = remembered("scrub images", (prepared,), lambda: scrub_images(prepared.grey))
    return remembered(
        "scrub", (prepared, heatmap, curves),
        lambda: scrub_data(images, prepared.geometry, heatmap.values, curves, name),
    )  # fmt: skip


def _words(case: Case, explanation: Explanation | None, drawn: bool) -> dict[str, str]:
    """What each pane shows, for those who hear it; the class whose score the colours stand for."""
    over = f"The mammogram {case.id}; no heatmap yet"
    score = ""
    if explanation is not None and drawn:
        asked = asked_words(explanation.request, explanation.target)
        over = f"The mammogram {case.id} with the heatmap over it: {asked}"
        score = f"{CLASS_NAMES[explanation.target]} class score"
    return {
        "plain": f"The mammogram {case.id} as it is",
        "heat": over,
        "recombined": f"The recombined image of {case.id}",
        "score": score,
    }

"""The image of a blind reading: nothing of the truth or the model is in what is sent."""

from __future__ import annotations

from typing import Any

from xai_core.model.geometry import fit
from xai_core.types import Case
from xai_core.ui import state, viewer
from xai_core.ui.blind import session
from xai_core.ui.blind.reading import LOW, RECOMBINED, read_marks
from xai_core.ui.remembered import remembered
from xai_core.viz.viewer_data import case_data


def show(case: Case, input_size: int, name: str, *, truth: bool) -> None:
    """Draw the case under ``name``; ``truth``: with what the source marked on it."""
    geometry = remembered("geometry", (case, input_size), lambda: fit(case.image, input_size))
    pictures = remembered(
        "blind case", (case, input_size, truth), lambda: case_data(case, geometry, truth=truth)
    )
    data: dict[str, Any] = {
        "case": pictures,
        "heat": None,
        "offered": [],
        "scrub": None,
        "blind": True,
        "truth": truth,
        "marks": session.marks_on_show(case.id),
        "look": state.look(),
        "words": {"heat": f"{name}, low-energy", "recombined": f"{name}, recombined", "score": ""},
    }
    viewer.mount(data, "viewer", marks=lambda given: _marked(case, given))


def _marked(case: Case, given: Any) -> None:
    if session.now().case_id != case.id or session.progress().answer is not None:
        return  # a message of a case left meanwhile, or after the answer
    shapes = {LOW: (case.image.shape[0], case.image.shape[1])}
    if case.recombined is not None:
        shapes[RECOMBINED] = (case.recombined.shape[0], case.recombined.shape[1])
    marks = read_marks(given, shapes)
    session.update(marks=marks, nothing=session.progress().nothing and not marks)

"""The parts of the Explore page that follow a job: they poll while there is more to come."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.errors import XaiError
from xai_core.explanation import View
from xai_core.request import CaseRequest
from xai_core.service import ExplainService
from xai_core.ui import beside, curves, first_sight, picture, progress, state, verdict, worth
from xai_core.ui.blind import session
from xai_core.ui.service_access import who
from xai_core.ui.words import plain

_POLL = 0.8  # seconds
_AT_ONCE = 0.25  # seconds within which what is kept is found; nobody sees that nothing was drawn
_Views = tuple[View, View | None]
_Part = Callable[[ExplainService, CaseRequest, _Views], None]


def show(
    service: ExplainService, shown: CaseRequest, left: DeltaGenerator, right: DeltaGenerator
) -> None:
    """Ask for what is ``shown`` and draw the answer, as it grows: the picture and its verdict into
    ``left``, progress and curves into ``right``."""
    waiting = _pending(_ask(service, shown, patience=_AT_ONCE))
    first = not first_sight.had()
    every = _POLL if waiting else first_sight.PATIENCE if first else None
    # A fragment for each place, not one that writes into three: what a fragment writes elsewhere
    # is lost, with an error, where a click begins to draw the page anew meanwhile.
    body = st.fragment(_body, run_every=every)
    begun = time.monotonic()
    for place, part in ((left, _left),) if first else ((left, _left), (right, _right)):
        with place:
            body(part, service, shown, waiting, begun if first else None)


def _ask(service: ExplainService, shown: CaseRequest, patience: float = 0.0) -> _Views:
    """The views of the request and of the one whose curves lie beside it, if any."""
    other = beside.chosen(shown)
    asked = (shown,) if other is None else (shown, other)
    views = service.ask_all(asked, who(), patience)
    return views[0], None if other is None else views[1]


def _pending(views: _Views) -> bool:
    return any(view is not None and progress.pending(view) for view in views)


def _body(
    part: _Part,
    service: ExplainService,
    shown: CaseRequest,
    polled: bool,
    first: float | None,
) -> None:
    """``first``: when the first sight was sent; None after it."""
    if first is not None and time.monotonic() - first > first_sight.PATIENCE:
        first_sight.note()
    views = _ask(service, shown)
    other = state.show() != shown or beside.changed()
    drawn = first is not None and first_sight.had()
    if _pending(views) is not polled or other or drawn:
        st.rerun()  # polling begins or ends, something else was asked for in here, or it was drawn
    part(service, shown, views)


def _left(service: ExplainService, shown: CaseRequest, views: _Views) -> None:
    view, _ = views
    spec = service.explainer.classifier.spec
    prediction = (
        view.explanation.prediction
        if view.explanation
        else service.predictions().get(shown.case_id)
    )
    verdict.show(service.records[shown.case_id], prediction, spec)
    try:
        case = service.load(shown.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        _no_picture()
        return
    picture.show(
        case,
        view.explanation,
        spec.input_size,
        look=state.look(),
        marks=session.marks_on_show(case.id),
    )
    if not first_sight.had():
        return
    st.caption(verdict.facts(case))
    if case.note:
        st.caption(f"What it teaches: {plain(case.note, 600)}")


def _no_picture() -> None:
    """There is nothing for the rest of the page to wait for."""
    if not first_sight.had():
        first_sight.note()
        st.rerun()


def _right(service: ExplainService, shown: CaseRequest, views: _Views) -> None:
    view, other = views
    progress.show(service, shown, view)
    explanation = view.explanation
    try:
        service.load(shown.case_id)
    except XaiError:
        return  # said beside, where the image would be
    growing = progress.pending(view)
    curves.show(explanation, growing=growing, other=other.explanation if other else None)
    if shown.request.curves != "none":
        beside.choose(shown)
        beside.say(other)
    worth.show(explanation, measuring=growing)

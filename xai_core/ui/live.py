"""The parts of the Explore page that follow a job: they poll while there is more to come."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.errors import XaiError
from xai_core.explain.explanation import JobSnapshot
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import ExplainService
from xai_core.ui import curves, deferred, job_progress, reliability_panel, session, verdict, viewer
from xai_core.ui.blind import blind_session
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import plain

_POLL = 0.8  # seconds
_AT_ONCE = 0.25  # seconds within which what is kept is found; nobody sees that nothing was drawn
_Snapshots = tuple[JobSnapshot, JobSnapshot | None]
_Part = Callable[[ExplainService, CaseRequest, _Snapshots], None]


def show(
    service: ExplainService, shown: CaseRequest, left: DeltaGenerator, right: DeltaGenerator
) -> None:
    """Ask for what is ``shown`` and draw the answer, as it grows: the picture and its verdict into
    ``left``, progress and curves into ``right``."""
    waiting = _pending(_ask(service, shown, timeout=_AT_ONCE))
    first = not deferred.viewer_has_drawn()
    every = _POLL if waiting else deferred.TIMEOUT if first else None
    # A fragment for each place, not one that writes into three: what a fragment writes elsewhere
    # is lost, with an error, where a click begins to draw the page anew meanwhile.
    body = st.fragment(_body, run_every=every)
    begun = time.monotonic()
    for place, part in ((left, _left),) if first else ((left, _left), (right, _right)):
        with place:
            body(part, service, shown, waiting, begun if first else None)


def _ask(service: ExplainService, shown: CaseRequest, timeout: float = 0.0) -> _Snapshots:
    """The views of the request and of the one whose curves lie beside it, if any."""
    other = curves.second_request(shown)
    asked = (shown,) if other is None else (shown, other)
    snapshots = service.ask_all(asked, session_id(), timeout)
    return snapshots[0], None if other is None else snapshots[1]


def _pending(snapshots: _Snapshots) -> bool:
    return any(snapshot is not None and job_progress.pending(snapshot) for snapshot in snapshots)


def _body(
    part: _Part,
    service: ExplainService,
    shown: CaseRequest,
    polled: bool,
    first: float | None,
) -> None:
    """``first``: when the first sight was sent; None after it."""
    if first is not None and time.monotonic() - first > deferred.TIMEOUT:
        deferred.note_drawn()
    snapshots = _ask(service, shown)
    other = session.current() != shown or curves.second_changed()
    drawn = first is not None and deferred.viewer_has_drawn()
    if _pending(snapshots) is not polled or other or drawn:
        st.rerun()  # polling begins or ends, something else was asked for in here, or it was drawn
    part(service, shown, snapshots)


def _left(service: ExplainService, shown: CaseRequest, snapshots: _Snapshots) -> None:
    snapshot, _ = snapshots
    spec = service.explainer.classifier.spec
    prediction = (
        snapshot.explanation.prediction
        if snapshot.explanation
        else service.predictions().get(shown.case_id)
    )
    verdict.show(service.records[shown.case_id], prediction, spec)
    try:
        case = service.load(shown.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        _no_picture()
        return
    viewer.show(
        case,
        snapshot.explanation,
        spec.input_size,
        viewport=session.viewport(),
        marks=blind_session.marks_on_show(case.id),
    )
    if not deferred.viewer_has_drawn():
        return
    st.caption(verdict.facts(case))
    if case.note:
        st.caption(f"What it teaches: {plain(case.note, 600)}")


def _no_picture() -> None:
    """There is nothing for the rest of the page to wait for."""
    if not deferred.viewer_has_drawn():
        deferred.note_drawn()
        st.rerun()


def _right(service: ExplainService, shown: CaseRequest, snapshots: _Snapshots) -> None:
    snapshot, other = snapshots
    job_progress.show(service, shown, snapshot)
    explanation = snapshot.explanation
    try:
        service.load(shown.case_id)
    except XaiError:
        return  # said beside, where the image would be
    growing = job_progress.pending(snapshot)
    curves.show(explanation, growing=growing, other=other.explanation if other else None)
    if shown.request.curves != "none":
        curves.choose_second(shown)
        curves.show_second_status(other)
    reliability_panel.show(explanation, measuring=growing)

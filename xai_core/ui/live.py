"""The parts of a page that follow a job: the verdict, the viewer, and progress with curves.

They ask the service again at an interval (poll) while the job is running.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.errors import XaiError
from xai_core.explain.explanation import JobSnapshot
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import PageService
from xai_core.types import CaseRecord, Prediction
from xai_core.ui import curves, deferred, job_progress, reliability_panel, session, verdict, viewer
from xai_core.ui.blind import blind_session
from xai_core.ui.pages import path_of
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import plain, view_words

_POLL = 0.8  # seconds
# Seconds to wait for a result before drawing: stored results are found within this time, and a
# delay this short is not noticed.
_INITIAL_WAIT = 0.25
_Snapshots = tuple[JobSnapshot, JobSnapshot | None]
"""Of the current request, and of the second method's request if one is chosen."""
_Column = Callable[[PageService, CaseRequest, _Snapshots], None]


def show(
    service: PageService,
    shown: CaseRequest,
    top: DeltaGenerator,
    left: DeltaGenerator,
    right: DeltaGenerator,
    play: str = "",
) -> None:
    """Ask the service for ``shown`` and draw the result as it grows.

    Args:
        service: answers the request.
        shown: the request.
        top: container of the verdict.
        left: container of the viewer.
        right: container of the progress line and the curves; empty until the viewer has drawn.
        play: a control of the viewer that plays by itself, see :func:`viewer.show`.
    """
    waiting = _pending(_ask(service, shown, timeout=_INITIAL_WAIT))
    before_picture = not deferred.viewer_has_drawn()
    poll_interval = _POLL if waiting else deferred.TIMEOUT if before_picture else None
    # One fragment per container, not one that writes into several: when a click starts a new run
    # of the page meanwhile, what a fragment writes outside its own place is lost, with an error.
    fragment = st.fragment(_body, run_every=poll_interval)
    columns: list[tuple[DeltaGenerator, _Column]] = [
        (top, _draw_top), (left, partial(_draw_left, play)),
    ]  # fmt: skip
    if not before_picture:
        columns.append((right, _draw_right))
    sent_at = time.monotonic() if before_picture else None
    for place, draw in columns:
        with place:
            fragment(draw, service, shown, waiting, sent_at)


def _ask(service: PageService, shown: CaseRequest, timeout: float = 0.0) -> _Snapshots:
    """Ask for the current request and the second method's; ``timeout``: seconds to wait."""
    second = curves.second_request(shown)
    requests = (shown,) if second is None else (shown, second)
    snapshots = service.ask_all(requests, session_id(), timeout)
    return snapshots[0], None if second is None else snapshots[1]


def _pending(snapshots: _Snapshots) -> bool:
    return any(snapshot is not None and job_progress.pending(snapshot) for snapshot in snapshots)


def _body(
    draw: _Column,
    service: PageService,
    shown: CaseRequest,
    waiting: bool,
    sent_at: float | None,
) -> None:
    """Draw one column; start a new run of the page when its layout or polling must change.

    Args:
        draw: draws the column.
        service, shown: as of :func:`show`.
        waiting: whether a job was pending when the page was drawn.
        sent_at: time (monotonic, seconds) at which the viewer alone was sent; None if the viewer
            had drawn before.
    """
    if sent_at is not None and time.monotonic() - sent_at > deferred.TIMEOUT:
        deferred.note_drawn()
    snapshots = _ask(service, shown)
    request_changed = session.current() != shown or curves.pop_second_changed()
    rest_is_due = sent_at is not None and deferred.viewer_has_drawn()
    if _pending(snapshots) is not waiting or request_changed or rest_is_due:
        st.rerun()
    draw(service, shown, snapshots)


def _prediction(
    service: PageService, shown: CaseRequest, snapshots: _Snapshots
) -> Prediction | None:
    explanation = snapshots[0].explanation
    return explanation.prediction if explanation else service.predictions().get(shown.case_id)


def _draw_top(service: PageService, shown: CaseRequest, snapshots: _Snapshots) -> None:
    prediction = _prediction(service, shown, snapshots)
    verdict.show(service.records[shown.case_id], prediction, service.classifier.spec)


def _draw_left(play: str, service: PageService, shown: CaseRequest, snapshots: _Snapshots) -> None:
    snapshot, _ = snapshots
    spec = service.classifier.spec
    try:
        case = service.load(shown.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        _draw_rest_without_picture()
        return
    viewer.show(
        case,
        snapshot.explanation,
        spec.input_size,
        viewport=session.viewport(),
        marks=blind_session.viewer_marks(case.id),
        play=play,
        curves=shown.request.curves != "none",
    )
    if not deferred.viewer_has_drawn():
        return
    with st.container(horizontal=True, key="from-here"):
        _offer_other_view(service, case)
        if case.is_phantom and case.findings:
            st.page_link(
                path_of("pages/features.py"), label="What made it so? Change its cues",
                help="The same breast with another lesion: margin, shape, size, and what the model "
                "then says.",
            )  # fmt: skip
    verdict.show_scores(_prediction(service, shown, snapshots), spec)


def _offer_other_view(service: PageService, case: CaseRecord) -> None:
    """Draw a button that leads to the other view of the same breast, if the source has one."""
    other = service.records.get(case.other_view or "")
    if other is None:
        return
    st.button(
        f"The same breast, {view_words(other)}", key="other view",
        help="A reader asks for the second view first: what is real is in both.",
        on_click=session.change, kwargs={"case_id": other.id},
    )  # fmt: skip


def _draw_rest_without_picture() -> None:
    """Draw the deferred parts although the viewer will not report a picture."""
    if not deferred.viewer_has_drawn():
        deferred.note_drawn()
        st.rerun()


def _draw_right(service: PageService, shown: CaseRequest, snapshots: _Snapshots) -> None:
    snapshot, second = snapshots
    job_progress.show(service, shown, snapshot)
    explanation = snapshot.explanation
    try:
        service.load(shown.case_id)
    except XaiError:
        return  # the left column shows the error in place of the image
    growing = job_progress.pending(snapshot)
    curves.show(explanation, growing=growing, second=second.explanation if second else None)
    with st.container(key="beside-curves"):
        if shown.request.curves != "none":
            if note := service.classifier.spec.curves_note():
                st.caption(note)
            curves.show_second_choice(shown)
            curves.show_second_status(second)
        reliability_panel.show(explanation, measuring=growing)

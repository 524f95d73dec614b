"""The part of the Explore page that follows a job: it polls while there is more to come."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.errors import XaiError
from xai_core.explanation import Explanation
from xai_core.request import ExplainRequest
from xai_core.service import ExplainService, View
from xai_core.types import CLASS_NAMES
from xai_core.ui import curves, picture, progress, state, verdict, worth
from xai_core.ui.service_access import who
from xai_core.ui.words import plain
from xai_core.viz.level_figure import level_figure

_POLL = 0.8  # seconds


def show(
    service: ExplainService, request: ExplainRequest, left: DeltaGenerator,
    bars: DeltaGenerator, right: DeltaGenerator,
) -> None:  # fmt: skip
    """Ask for ``request`` and draw the answer, as it grows: the picture and its verdict into
    ``left``, the levels' gains into ``bars``, progress and curves into ``right``."""
    waiting = progress.pending(service.ask(request, who()))
    body = st.fragment(_body, run_every=_POLL if waiting else None)
    body(service, request, left, bars, right, waiting)


def _body(
    service: ExplainService, request: ExplainRequest, left: DeltaGenerator,
    bars: DeltaGenerator, right: DeltaGenerator, polled: bool,
) -> None:  # fmt: skip
    view = service.ask(request, who())
    if progress.pending(view) is not polled or state.show() != request:
        st.rerun()  # polling begins or ends, or something else was asked for in here
    with left:
        _left(service, request, view)
    with bars:
        _bars(view.explanation)
    with right:
        progress.show(service, request, view)
        _right(service, request, view)


def _left(service: ExplainService, request: ExplainRequest, view: View) -> None:
    spec = service.explainer.classifier.spec
    prediction = (
        view.explanation.prediction
        if view.explanation
        else service.predictions().get(request.case_id)
    )
    verdict.show(service.records[request.case_id], prediction, spec.threshold)
    try:
        case = service.load(request.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        return
    picture.show(case, view.explanation, spec.input_size)
    st.caption(verdict.facts(case))


def _bars(explanation: Explanation | None) -> None:
    if explanation is None or not explanation.levels:
        st.empty()  # a fragment may only fill a place later that it wrote to at first
        return
    figure = level_figure(explanation.levels, CLASS_NAMES[explanation.target], height=170)
    st.plotly_chart(figure, key="levels figure", theme=None, config={"displayModeBar": False})


def _right(service: ExplainService, request: ExplainRequest, view: View) -> None:
    explanation = view.explanation
    try:
        case = service.load(request.case_id)
    except XaiError:
        return  # said beside, where the image would be
    growing = progress.pending(view)
    curves.show(explanation, growing=growing)
    worth.show(case, explanation, measuring=growing)

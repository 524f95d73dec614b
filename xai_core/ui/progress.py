"""How far a job is, with a way to stop it and to go on."""

from __future__ import annotations

import streamlit as st

from xai_core.explanation import Status, View
from xai_core.request import CaseRequest
from xai_core.service import ExplainService
from xai_core.ui.words import plain

_STAGES = {
    "prediction": "Asking the model",
    "map": "Drawing the map",
    "curves": "Measuring the curves",
    "reliability": "Measuring the baselines",
    "measures": "Measuring the map",
}


def pending(view: View) -> bool:
    """Whether more is to come by itself."""
    return view.status in (Status.WAITING, Status.RUNNING)


def show(service: ExplainService, request: CaseRequest, view: View) -> None:
    """Draw the line for this job; always of one height, so that nothing below it moves."""
    with st.container(horizontal=True, key="progress", vertical_alignment="center"):
        if view.status is Status.DONE and view.explanation is not None:
            seconds = sum(view.explanation.seconds.values())
            st.caption(f"Done in {seconds:.1f} s; {view.explanation.forwards} images newly scored.")
        elif pending(view):
            share = min(1.0, view.done / view.total) if view.total > 1 else 0.0
            st.progress(share, text=words(view))
            st.button("Stop", key="stop", on_click=service.stop, args=(request,))
        else:
            if view.error:
                st.error(plain(view.error, 600))
            else:
                st.caption(f"Stopped. {words(view)}; what was computed is kept.")
            st.button(
                "Try again" if view.error else "Continue",
                key="continue",
                on_click=service.retry,
                args=(request,),
            )


def words(view: View) -> str:
    """What a job is doing, in plain words."""
    if not view.stage:
        return "Waiting for the model"
    stage = _STAGES.get(view.stage, view.stage)
    if view.stage == "prediction" or view.total <= 1:
        return stage
    return f"{stage}: {view.done} of {view.total} images scored"

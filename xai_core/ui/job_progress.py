"""The progress line of a job, with buttons to stop and to continue it."""

from __future__ import annotations

import streamlit as st

from xai_core.explain.explanation import JobSnapshot, Status
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import PageService
from xai_core.list_text import counted
from xai_core.ui.wording import plain

_STAGES = {
    "prediction": "Asking the model",
    "map": "Drawing the map",
    "curves": "Measuring the curves",
    "reliability": "Measuring the baselines",
    "metrics": "Measuring the map",
}


def pending(snapshot: JobSnapshot) -> bool:
    """Whether the job is waiting or running, so that its result will still grow."""
    return snapshot.status in (Status.WAITING, Status.RUNNING)


def show(service: PageService, request: CaseRequest, snapshot: JobSnapshot) -> None:
    """Draw the progress line of a job; its height is constant, so that nothing below it moves."""
    with st.container(horizontal=True, key="progress", vertical_alignment="center"):
        if snapshot.status is Status.DONE and snapshot.explanation is not None:
            seconds = sum(snapshot.explanation.seconds.values())
            images = counted(snapshot.explanation.forwards, "image", "images")
            st.caption(f"Done in {seconds:.1f} s; {images} newly scored.")
        elif pending(snapshot):
            share = min(1.0, snapshot.done / snapshot.total) if snapshot.total > 1 else 0.0
            st.progress(share, text=progress_words(snapshot))
            st.button("Stop", key="stop", on_click=service.stop, args=(request,))
        else:
            if snapshot.error:
                st.error(plain(snapshot.error, 600))
            else:
                st.caption(f"Stopped. {progress_words(snapshot)}; what was computed is kept.")
            st.button(
                "Try again" if snapshot.error else "Continue",
                key="continue",
                on_click=service.retry,
                args=(request,),
            )


def progress_words(snapshot: JobSnapshot) -> str:
    """The stage of a job and how many images are scored, as text."""
    if not snapshot.stage:
        return "Waiting for the model"
    stage = _STAGES.get(snapshot.stage, snapshot.stage)
    if snapshot.stage == "prediction" or snapshot.total <= 1:
        return stage
    return f"{stage}: {snapshot.done} of {snapshot.total} images scored"

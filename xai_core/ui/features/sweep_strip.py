"""A sweep on the page: a strip of pictures, and the model's answer beside the truth along a cue."""

from __future__ import annotations

import numpy as np
import streamlit as st

from xai_core.errors import CaseError
from xai_core.explain.explanation import JobSnapshot
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import ExplainService
from xai_core.features.lesion import LesionCases, changed_id
from xai_core.features.sweep import ONE_BY_ONE, Step, largest_step, sweep, sweepable
from xai_core.types import BoolArray, Case
from xai_core.ui import job_progress, session
from xai_core.ui.features import lesion_change
from xai_core.ui.memo import memoised
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import plain
from xai_core.viz.pictures import to_png
from xai_core.viz.sweep_figure import sweep_figure

_POLL = 0.6  # seconds
_MARGIN = 0.35  # of the lesion's size, around it


def show(service: ExplainService, cases: LesionCases, request: CaseRequest) -> None:
    """Draw the choice of a cue, and its sweep once one is chosen.

    Args:
        service: explains ``cases``.
        cases: the changed cases.
        request: for the phantom as it is.
    """
    case_id, state = request.case_id, lesion_change.state()
    offered = sweepable(cases, case_id)
    chosen = state.sweep if state.sweep in offered else None
    st.segmented_control(
        "Sweep one cue through its range, all else held",
        offered,
        default=chosen,
        key=session.widget_key("sweep", chosen),
        on_change=session.on_user_change("sweep", lesion_change.set_sweep),
        help="Every step is a picture of its own; a click opens it above.",
    )
    if chosen is None:
        return
    steps = sweep(cases, case_id, chosen, state.change)
    requests = [
        request.change(case_id=changed_id(case_id, step.change), curves="none") for step in steps
    ]
    waiting = any(map(job_progress.pending, _ask(service, requests)))
    fragment = st.fragment(_body, run_every=_POLL if waiting else None)
    fragment(service, cases, request, steps, requests, waiting)


def _ask(service: ExplainService, requests: list[CaseRequest]) -> list[JobSnapshot]:
    # A lease of its own: the pair above is asked for under the session's id.
    return service.ask_all(requests, f"{session_id()} sweep")


def _body(
    service: ExplainService, cases: LesionCases, base: CaseRequest, steps: tuple[Step, ...],
    requests: list[CaseRequest], waiting: bool,
) -> None:  # fmt: skip
    snapshots = _ask(service, requests)
    if any(map(job_progress.pending, snapshots)) is not waiting:
        st.rerun()
    spec = service.classifier.spec
    model = [
        None
        if s.explanation is None
        else float(s.explanation.prediction.probabilities[spec.positive])
        for s in snapshots
    ]
    drawn = [
        _case(service, request) if known is not None else None
        for request, known in zip(requests, model, strict=True)
    ]
    truth = [
        None if case is None else cases.truth(request.case_id).probability
        for request, case in zip(requests, drawn, strict=True)
    ]
    done = sum(case is not None for case in drawn)
    if waiting:
        st.progress(done / len(steps), text=f"{done} of {len(steps)} steps drawn and scored")
    box = _box(_case(service, base), drawn)
    for column, step, case, p in zip(st.columns(len(steps)), steps, drawn, model, strict=True):
        with column:
            _show_step(step, case, p, box)
    st.plotly_chart(
        sweep_figure([s.label for s in steps], model, truth, spec.class_names[spec.positive]),
        key="sweep figure", theme=None, config={"displayModeBar": False},
        alt=_alt(steps, model, truth),
    )  # fmt: skip
    if lesion_change.state().sweep == ONE_BY_ONE:
        st.markdown(plain(_learned(steps, model, truth), 400))


def _learned(steps: tuple[Step, ...], model: list[float | None], truth: list[float | None]) -> str:
    """What taking the cues away one after the other shows; "" while a step is missing."""
    labels = [step.label for step in steps]
    known = [p for p in model if p is not None], [t for t in truth if t is not None]
    if min(map(len, known)) < len(steps):
        return ""
    of_model, of_truth = (largest_step(labels, values) for values in known)
    if of_model is None or of_truth is None:
        return ""
    return (
        f"The model's probability changed most at “{of_model[0]}” ({of_model[1]:+.2f}), the truth "
        f"at “{of_truth[0]}” ({of_truth[1]:+.2f})."
    )


def _case(service: ExplainService, request: CaseRequest) -> Case | None:
    try:
        return service.load(request.case_id)
    except CaseError:
        return None


def _show_step(
    step: Step, case: Case | None, p: float | None, box: tuple[int, int, int, int] | None
) -> None:
    if case is not None:
        y0, y1, x0, x1 = box or (0, case.image.shape[0], 0, case.image.shape[1])
        st.image(
            memoised(
                "sweep picture", (case, box),
                lambda: to_png(np.rint(case.image[y0:y1, x0:x1] * 255).astype(np.uint8)),
            ),
            width="stretch",
            alt=f"The lesion: {step.label}",
        )  # fmt: skip
    st.button(
        plain(step.label) + (" (as it is)" if step.as_it_is else ""),
        key=f"sweep to {step.label}", width="stretch", disabled=case is None,
        help="Open this step above" + ("" if p is None else f"; the model says {p:.2f}"),
        on_click=lesion_change.open_step, args=(step.change,),
    )  # fmt: skip


def _box(base: Case | None, drawn: list[Case | None]) -> tuple[int, int, int, int] | None:
    """The rows and columns around all lesions of the sweep; None where nothing is marked yet."""
    masks: list[BoolArray] = [
        case.lesion_mask
        for case in (base, *drawn)
        if case is not None and case.lesion_mask is not None
    ]
    if not masks:
        return None
    marked = masks[0]  # as it is: a picture that does not move while the others arrive
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    height, width = marked.shape
    side = int((1 + 2 * _MARGIN) * max(rows[-1] - rows[0], columns[-1] - columns[0], 60))
    side = min(side, height, width)
    y0 = int(np.clip((rows[0] + rows[-1] - side) // 2, 0, height - side))
    x0 = int(np.clip((columns[0] + columns[-1] - side) // 2, 0, width - side))
    return y0, y0 + side, x0, x0 + side


def _alt(steps: tuple[Step, ...], model: list[float | None], truth: list[float | None]) -> str:
    known = "; ".join(
        f"{step.label}: model {p:.2f}, truth {t:.2f}"
        for step, p, t in zip(steps, model, truth, strict=True)
        if p is not None and t is not None
    )
    return f"Probability of malignancy along the cue. {known}"

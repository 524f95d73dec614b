"""The board: rows of panels that fill while their jobs run, and one line to stop them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from xai_core.errors import XaiError
from xai_core.model.geometry import fit
from xai_core.service import ExplainService
from xai_core.ui.compare import cell, jobs
from xai_core.ui.compare.asked import Line
from xai_core.ui.compare.jobs import Answer
from xai_core.ui.remembered import remembered
from xai_core.ui.service_access import who
from xai_core.ui.words import plain

_POLL = 0.8  # seconds while something is computed
# A stopped job is forgotten when nobody asks for it, and would begin again at the next click.
_HOLD = 4.0
Heads = Mapping[Line, str]


def show(
    service: ExplainService, lines: Sequence[Line], heads: Heads, curves: bool
) -> tuple[Answer, ...]:
    """Ask for every panel of ``lines`` and draw them as they fill.

    Args:
        heads: what stands over each line.
        curves: measure the curves too.

    Returns:
        What was known when the page was drawn.  The page is drawn anew when all is there.
    """
    answers = _ask(service, lines, curves)
    every = _pace(answers)
    st.fragment(_body, run_every=every)(service, lines, heads, curves, every)
    return answers


def _ask(service: ExplainService, lines: Sequence[Line], curves: bool) -> tuple[Answer, ...]:
    return jobs.ask(service, [one for line in lines for one in line.requests], curves, who())


def _pace(answers: Sequence[Answer]) -> float | None:
    if any(answer.pending for answer in answers):
        return _POLL
    return None if all(answer.done for answer in answers) else _HOLD


def _body(
    service: ExplainService, lines: Sequence[Line], heads: Heads, curves: bool, every: float | None
) -> None:
    answers = _ask(service, lines, curves)
    if _pace(answers) != every:
        st.rerun()  # polling begins, ends or slows down
    _progress(service, answers)
    rest = iter(answers)
    for line in lines:
        st.markdown(f"##### {plain(heads[line], 300)}")
        _row(service, line, [next(rest) for _ in line.requests])


def _progress(service: ExplainService, answers: Sequence[Answer]) -> None:
    done = sum(answer.done for answer in answers)
    words = f"{done} of {len(answers)} panels ready"
    with st.container(horizontal=True, key="progress", vertical_alignment="center"):
        if any(answer.pending for answer in answers):
            st.progress(done / len(answers), text=words)
            st.button("Stop", key="stop", on_click=jobs.stop, args=(service, answers))
        elif done < len(answers):
            st.caption(f"{words}; the others were stopped or failed. What was computed is kept.")
            st.button("Continue", key="continue", on_click=jobs.retry, args=(service, answers))
        else:
            st.caption(f"All {len(answers)} panels ready.")


def _row(service: ExplainService, line: Line, answers: Sequence[Answer]) -> None:
    try:
        case = service.load(line.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        return
    size = service.explainer.classifier.spec.input_size
    geometry = remembered("geometry", (case, size), lambda: fit(case.image, size))
    first, *others = st.columns(1 + len(answers), gap="medium")
    with first:
        if line.original:
            cell.original(case, geometry)
    for column, answer in zip(others, answers, strict=True):
        with column:
            cell.show(case, geometry, answer)

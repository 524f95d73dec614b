"""The board of panels: rows that fill while their jobs run.

One panel on the page: title, picture, colour bar, areas, and how far it is.

The board: rows of panels that fill while their jobs run, and one line to stop them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from xai_core.cam import METHODS
from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService
from xai_core.model.layers import layer_title
from xai_core.preprocessing.letterbox import Geometry, fit
from xai_core.types import Case, FloatArray
from xai_core.ui import job_progress
from xai_core.ui.compare import captions, panels
from xai_core.ui.compare.panels import PanelAnswer, PanelRow
from xai_core.ui.memo import memoised
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import asked_words, plain
from xai_core.viz.panel import height_for, on_strip, panel, shown_box
from xai_core.viz.pictures import to_png

_WIDTH = 480  # pixels; two for one on most screens
_GAP, _STRIP = 8, 14


def show_original(case: Case, geometry: Geometry) -> None:
    """Draw the case as it is."""
    st.markdown("**Original**, low-energy image")
    st.image(
        _picture(case, geometry, None),
        width="stretch",
        alt=f"The mammogram {case.id} as it is",
    )


def show_panel(case: Case, geometry: Geometry, answer: PanelAnswer) -> None:
    """Draw a panel as far as it is; it keeps its height while it fills."""
    request, heatmap = answer.request, answer.heatmap
    st.markdown(
        f"**{METHODS[request.method].title}**, {layer_title(request.layer)}",
        help=METHODS[request.method].description,
    )
    over = "; no heatmap"
    if answer.explanation is not None and heatmap is not None:
        over = f"with the heatmap over it: {asked_words(answer.explanation)}"
    st.image(
        _picture(case, geometry, heatmap.values if heatmap else None),
        width="stretch",
        alt=f"The mammogram {case.id} {over}",
    )
    bar = captions.bar(answer)
    if bar is not None:
        low, most = bar.ends()
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(low, width="content")
            st.caption(most, width="content")
        st.caption(f"{bar.words[:1].upper()}{bar.words[1:]}")
    why = captions.why_empty(answer)
    if why:
        st.info(why)
    _areas(answer)
    _progress(answer)


def _areas(answer: PanelAnswer) -> None:
    lines = captions.areas(answer)
    if lines:
        st.markdown("  \n".join(lines))


def _progress(answer: PanelAnswer) -> None:
    view = answer.at_work
    if answer.pending:
        share = min(1.0, view.done / view.total) if view.total > 1 else 0.0
        st.progress(share, text=job_progress.progress_words(view))
    elif view.error:
        st.error(plain(view.error, 600))
    elif not answer.done:
        st.caption("Stopped; what was computed is kept.")


def _picture(case: Case, geometry: Geometry, heat: FloatArray | None) -> bytes:
    def make() -> bytes:
        box = shown_box((case.image.shape[0], case.image.shape[1]), geometry, case.lesion_mask)
        size = (_WIDTH, height_for(box, _WIDTH))
        drawn = panel(case.image, geometry, heat, box, size)
        return to_png(on_strip(drawn, _GAP, _STRIP) if heat is not None else drawn)

    return memoised("compare panel", (case, heat), make)


_POLL = 0.8  # seconds while something is computed
# A stopped job is forgotten when nobody asks for it, and would begin again at the next click.
_HOLD = 4.0
Heads = Mapping[PanelRow, str]


def show(
    service: ExplainService, lines: Sequence[PanelRow], heads: Heads, curves: bool
) -> tuple[PanelAnswer, ...]:
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


def _ask(
    service: ExplainService, lines: Sequence[PanelRow], curves: bool
) -> tuple[PanelAnswer, ...]:
    return panels.ask_panels(
        service, [one for line in lines for one in line.requests], curves, session_id()
    )


def _pace(answers: Sequence[PanelAnswer]) -> float | None:
    if any(answer.pending for answer in answers):
        return _POLL
    return None if all(answer.done for answer in answers) else _HOLD


def _body(
    service: ExplainService,
    lines: Sequence[PanelRow],
    heads: Heads,
    curves: bool,
    every: float | None,
) -> None:
    answers = _ask(service, lines, curves)
    if _pace(answers) != every:
        st.rerun()  # polling begins, ends or slows down
    _progress_board(service, answers)
    rest = iter(answers)
    for line in lines:
        st.markdown(f"##### {plain(heads[line], 300)}")
        _row(service, line, [next(rest) for _ in line.requests])


def _progress_board(service: ExplainService, answers: Sequence[PanelAnswer]) -> None:
    done = sum(answer.done for answer in answers)
    words = f"{done} of {len(answers)} panels ready"
    with st.container(horizontal=True, key="progress", vertical_alignment="center"):
        if any(answer.pending for answer in answers):
            st.progress(done / len(answers), text=words)
            st.button("Stop", key="stop", on_click=panels.stop_panels, args=(service, answers))
        elif done < len(answers):
            st.caption(f"{words}; the others were stopped or failed. What was computed is kept.")
            st.button(
                "Continue", key="continue", on_click=panels.retry_panels, args=(service, answers)
            )
        else:
            st.caption(f"All {len(answers)} panels ready.")


def _row(service: ExplainService, line: PanelRow, answers: Sequence[PanelAnswer]) -> None:
    try:
        case = service.load(line.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        return
    size = service.explainer.classifier.spec.input_size
    geometry = memoised("geometry", (case, size), lambda: fit(case.image, size))
    first, *others = st.columns(1 + len(answers), gap="medium")
    with first:
        if line.original:
            show_original(case, geometry)
    for column, answer in zip(others, answers, strict=True):
        with column:
            show_panel(case, geometry, answer)

"""The board of the Compare page: rows of panels that fill in while their jobs run.

A panel shows one map: title, picture, colour bar, areas under the curves, progress.  One line above
the rows shows the progress of all panels and stops or continues them together; where curves are
measured, another one says how many areas are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from xai_core.cam import METHODS
from xai_core.errors import XaiError
from xai_core.explain.service import PageService
from xai_core.model.layers import layer_title
from xai_core.preprocessing.letterbox import Geometry, fit
from xai_core.types import Case, FloatArray
from xai_core.ui import job_progress
from xai_core.ui.compare import areas, captions, panels
from xai_core.ui.compare.panels import PanelAnswer, PanelRow
from xai_core.ui.memo import memoised
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import plain, request_words
from xai_core.viz.panel import height_for, on_strip, panel, shown_box
from xai_core.viz.pictures import to_png

_WIDTH = 480  # pixels of a panel's picture: about two per CSS pixel on most screens
_GAP, _STRIP = 8, 14  # pixels between picture and colour bar, height of the colour bar
_POLL = 0.8  # seconds while a job is running
# Seconds between requests for a stopped job.  The service forgets a job that nobody asks for; the
# next click would then start it again.
_KEEP_STOPPED = 4.0
RowTitles = Mapping[PanelRow, str]


@dataclass(frozen=True)
class _Panel:
    """``number``: on the board, from 0.  ``area_lines``: about its areas, none while they are not
    shown.  ``curves``: whether the board measures curves."""

    number: int
    answer: PanelAnswer
    area_lines: tuple[str, ...]
    curves: bool


# --- the rows ---


def show(
    service: PageService, rows: Sequence[PanelRow], titles: RowTitles, curves: bool
) -> tuple[PanelAnswer, ...]:
    """Ask for every panel of ``rows`` and draw them as they fill in.

    Args:
        service: answers the requests.
        rows: the rows of panels.
        titles: the title above each row.
        curves: whether to measure the curves too.

    Returns:
        The answers at the time of drawing.  When all are complete, the page is drawn again.
    """
    answers = _ask(service, rows, curves)
    poll_interval = _poll_interval(answers)
    st.fragment(_body, run_every=poll_interval)(service, rows, titles, curves, poll_interval)
    return answers


def _ask(service: PageService, rows: Sequence[PanelRow], curves: bool) -> tuple[PanelAnswer, ...]:
    requests = [request for row in rows for request in row.requests]
    return panels.ask_panels(service, requests, curves, session_id())


def _poll_interval(answers: Sequence[PanelAnswer]) -> float | None:
    if any(answer.pending for answer in answers):
        return _POLL
    return None if all(answer.done for answer in answers) else _KEEP_STOPPED


def _body(
    service: PageService,
    rows: Sequence[PanelRow],
    titles: RowTitles,
    curves: bool,
    poll_interval: float | None,
) -> None:
    answers = _ask(service, rows, curves)
    if _poll_interval(answers) != poll_interval:
        st.rerun()
    _show_board_progress(service, answers)
    with st.container(key="board"):
        _show_areas_status(service, answers, curves)
        shown = zip(answers, areas.lines(answers), strict=True)
        remaining = iter([_Panel(i, answer, own, curves) for i, (answer, own) in enumerate(shown)])
        for row in rows:
            st.markdown(f"##### {plain(titles[row], 300)}")
            _show_row(service, row, [next(remaining) for _ in row.requests])


def _show_board_progress(service: PageService, answers: Sequence[PanelAnswer]) -> None:
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


def _show_areas_status(service: PageService, answers: Sequence[PanelAnswer], curves: bool) -> None:
    """How many areas are measured, and what is to be known of them.

    The place has the same height while they are measured and when they are there, so that the
    pictures below stay where they are.
    """
    if curves or areas.all_known(answers):
        sentences = (areas.status_line(answers), service.classifier.spec.curves_note())
        with st.container(key="areas-status"):
            st.caption(" ".join(filter(None, sentences)))


def _show_row(service: PageService, row: PanelRow, shown: Sequence[_Panel]) -> None:
    try:
        case = service.load(row.case_id)
    except XaiError as problem:
        st.error(plain(str(problem), 600))
        return
    size = service.classifier.spec.input_size
    geometry = memoised("geometry", (case, size), lambda: fit(case.image, size))
    first, *others = st.columns(1 + len(shown), gap="medium")
    with first:
        if row.original:
            show_original(case, geometry)
    for column, one in zip(others, shown, strict=True):
        with column:
            show_panel(case, geometry, one.answer)
            _show_panel_end(one)


# --- one panel ---


def show_original(case: Case, geometry: Geometry) -> None:
    """Draw the case without a heatmap."""
    st.markdown("**Original**, low-energy image")
    st.image(
        _picture(case, geometry, None),
        width="stretch",
        alt=f"The mammogram {case.id} as it is",
    )


def show_panel(case: Case, geometry: Geometry, answer: PanelAnswer) -> None:
    """Draw a panel as far as its answer is known; its height stays while it fills in."""
    request, heatmap = answer.request, answer.heatmap
    st.markdown(
        f"**{METHODS[request.method].title}**, {layer_title(request.layer)}",
        help=METHODS[request.method].description,
    )
    heat_words = "; no heatmap"
    if answer.explanation is not None and heatmap is not None:
        heat_words = f"with the heatmap over it: {request_words(answer.explanation)}"
    st.image(
        _picture(case, geometry, heatmap.values if heatmap else None),
        width="stretch",
        alt=f"The mammogram {case.id} {heat_words}",
    )
    bar = captions.colour_bar(answer)
    if bar is not None:
        low, high = bar.ends()
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(low, width="content")
            st.caption(high, width="content")
        st.caption(plain(f"{bar.words[:1].upper()}{bar.words[1:]}", 300))
    outside = captions.outside_line(answer)
    if outside:
        st.caption(outside)
    reason = captions.empty_map_reason(answer)
    if reason:
        st.info(plain(reason, 600))


def _show_panel_end(shown: _Panel) -> None:
    """Draw a panel's areas, and before them its progress, in a place of constant height."""
    if not shown.curves and not shown.area_lines:
        _show_panel_progress(shown.answer)
        return
    with st.container(key=f"areas-{shown.number}"):
        if shown.area_lines:
            st.markdown("  \n".join(shown.area_lines))
        elif areas.state_of(shown.answer) is areas.AreaState.MEASURED:
            st.caption("Measured.")
        _show_panel_progress(shown.answer)


def _show_panel_progress(answer: PanelAnswer) -> None:
    snapshot = answer.active_snapshot
    if answer.pending:
        share = min(1.0, snapshot.done / snapshot.total) if snapshot.total > 1 else 0.0
        st.progress(share, text=job_progress.progress_words(snapshot))
    elif snapshot.error:
        st.error(plain(snapshot.error, 600))
    elif not answer.done:
        st.caption("Stopped; what was computed is kept.")


def _picture(case: Case, geometry: Geometry, heat: FloatArray | None) -> bytes:
    def make() -> bytes:
        box = shown_box((case.image.shape[0], case.image.shape[1]), geometry, case.lesion_mask)
        size = (_WIDTH, height_for(box, _WIDTH))
        picture = panel(case.image, geometry, heat, box, size)
        return to_png(on_strip(picture, _GAP, _STRIP) if heat is not None else picture)

    return memoised("compare panel", (case, heat), make)

"""One panel on the page: title, picture, colour bar, areas, and how far it is."""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.model.geometry import Geometry
from xai_core.model.layers import layer_title
from xai_core.types import Case, FloatArray
from xai_core.ui import progress
from xai_core.ui.compare import said
from xai_core.ui.compare.jobs import Answer
from xai_core.ui.remembered import remembered
from xai_core.ui.words import asked_words, plain
from xai_core.viz.panel import height_for, on_strip, panel
from xai_core.viz.pictures import to_png
from xai_core.viz.screen import shown_box

_WIDTH = 480  # pixels; two for one on most screens
_GAP, _STRIP = 8, 14


def original(case: Case, geometry: Geometry) -> None:
    """Draw the case as it is."""
    st.markdown("**Original**, low-energy image")
    st.image(
        _picture(case, geometry, None),
        width="stretch",
        alt=f"The mammogram {case.id} as it is",
    )


def show(case: Case, geometry: Geometry, answer: Answer) -> None:
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
    bar = said.bar(answer)
    if bar is not None:
        low, most = bar.ends()
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(low, width="content")
            st.caption(most, width="content")
        st.caption(f"{bar.words[:1].upper()}{bar.words[1:]}")
    why = said.why_empty(answer)
    if why:
        st.info(why)
    _areas(answer)
    _progress(answer)


def _areas(answer: Answer) -> None:
    lines = said.areas(answer)
    if lines:
        st.markdown("  \n".join(lines))


def _progress(answer: Answer) -> None:
    view = answer.at_work
    if answer.pending:
        share = min(1.0, view.done / view.total) if view.total > 1 else 0.0
        st.progress(share, text=progress.words(view))
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

    return remembered("compare panel", (case, heat), make)

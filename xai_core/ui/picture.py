"""The image and the heatmap over it, or in words why there is none."""

from __future__ import annotations

from typing import Any

import streamlit as st

from xai_core.explanation import Explanation
from xai_core.types import Case
from xai_core.ui import levels, viewer
from xai_core.ui.words import state_words


def show(
    case: Case,
    explanation: Explanation | None,
    input_size: int,
    *,
    look: dict[str, Any] | None = None,
    marks: dict[str, Any] | None = None,
) -> None:
    """Draw what there is: the image at once, and the map as soon as there is a part of one.

    ``look``: what the page's address says of the viewer; None where the page keeps no look there.
    ``marks``: a reader's; None where there are none.
    """
    heatmap = explanation.heatmap if explanation else None
    if explanation is not None and heatmap is not None:
        why = state_words(heatmap.state, explanation.target_name)
        if why:
            st.info(why)
    viewer.show(
        case,
        explanation,
        input_size,
        offered=levels.offered_now(),
        on_levels=levels.choose,
        on_own_levels=levels.add,
        on_paper_levels=levels.back_to_paper,
        problem=levels.problem(),
        look=look,
        marks=marks,
    )
    if heatmap is None:
        st.caption("The heatmap is being computed.")

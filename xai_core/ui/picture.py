"""The image and the heatmap over it, or in words why there is none."""

from __future__ import annotations

import streamlit as st

from xai_core.explanation import Explanation
from xai_core.types import CLASS_NAMES, Case
from xai_core.ui import levels, viewer
from xai_core.ui.words import state_words


def show(case: Case, explanation: Explanation | None, input_size: int) -> None:
    """Draw what there is: the image at once, and the map as soon as there is a part of one."""
    heatmap = explanation.heatmap if explanation else None
    if explanation is not None and heatmap is not None:
        why = state_words(heatmap.state, CLASS_NAMES[explanation.target])
        if why:
            st.info(why)
    viewer.show(
        case, explanation, input_size, offered=levels.offered_now(), on_levels=levels.choose
    )
    if heatmap is None:
        st.caption("The heatmap is being computed.")

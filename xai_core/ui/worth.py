"""What the curves are worth: ties, the marked lesion, orders that know nothing of the map."""

from __future__ import annotations

import streamlit as st

from xai_core.explanation import Explanation
from xai_core.faithfulness.localisation import LocalisationState, localise
from xai_core.faithfulness.patches import relevance, tie_fraction
from xai_core.faithfulness.reliability import Reliability
from xai_core.model.geometry import letterbox_mask
from xai_core.types import Case, Heatmap, MapState
from xai_core.ui import state
from xai_core.ui.remembered import remembered
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.text_tables import markdown_table

_HELP = (
    "Measures the same curves for a random order of patches, for one from the centre outwards, and "
    "with ties in reverse. A map that does not beat these says little. About three times the work."
)


def show(case: Case, explanation: Explanation | None, *, measuring: bool) -> None:
    """Draw what is known without a further forward pass, and offer the rest."""
    heatmap = explanation.heatmap if explanation else None
    if explanation is None or heatmap is None or heatmap.state is not MapState.OK:
        return
    lines = [
        _order(explanation),
        _agreement(explanation),
        _ties(heatmap),
        _lesion(case, explanation, heatmap),
    ]
    st.caption("  \n".join(line for line in lines if line))
    if explanation.reliability is not None:
        _baselines(explanation.reliability)
    elif explanation.curves is not None and not measuring:
        st.button(
            "Measure baselines", key="measure", on_click=lambda: state.change(reliability=True),
            help=_HELP,
        )  # fmt: skip


def _order(explanation: Explanation) -> str:
    if explanation.request.method != "hybrid-cam":
        return ""
    return (
        "Hybrid-CAM keeps Grad-CAM's order of pixels (except for ties at 0): it is Grad-CAM with a "
        "contrast curve made for this image."
    )


def _agreement(explanation: Explanation) -> str:
    channels = explanation.request.channels
    if explanation.request.method != "score-cam" or channels is None:
        return ""
    words = f"Fast Score-CAM: the first {channels} channels alone. "
    found = explanation.agreement
    if found is None:
        return words + "The exact map is not known yet, so its agreement is not either."
    if found.spearman is None:
        return words + "One of the two maps is constant: nothing to compare."
    return words + (
        f"Against the exact map: rank correlation (Spearman) {found.spearman:.2f}, of the hottest "
        f"tenth of the patches {found.top_overlap:.0%} in common."
    )


def _ties(heatmap: Heatmap) -> str:
    ties = remembered("ties", (heatmap,), lambda: tie_fraction(relevance(heatmap.values)))
    return f"Tie fraction {ties:.0%}: patches whose order the map does not decide."


def _lesion(case: Case, explanation: Explanation, heatmap: Heatmap) -> str:
    mask = case.lesion_mask
    if mask is None or not mask.any():
        return ""
    found = remembered(
        "localisation",
        (heatmap, mask),
        lambda: localise(heatmap.values, letterbox_mask(mask, explanation.prepared.geometry)),
    )
    if found.state is not LocalisationState.OK or found.top_share is None:
        return ""
    hit = "is a hit (within 15 px of a marked finding)" if found.hit else "misses every marked one"
    return (
        f"Overlap with what the source marked: the map's peak {hit}; of the hottest tenth "
        f"{found.top_share:.0%} is marked, of the picture {found.mask_area:.1%}."
    )


def _baselines(known: Reliability) -> None:
    rows = (
        ("The map", known.forward),
        ("The map, ties reversed", known.reverse),
        ("Random order (dots)", known.random),
        ("Centre first (dash-dot)", known.centre_first),
    )
    lines = [(name, auc_text(p.insertion), auc_text(p.deletion)) for name, p in rows]
    st.markdown("\n".join(markdown_table(("Order of patches", "Insertion", "Deletion"), lines)))

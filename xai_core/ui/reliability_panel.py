"""What the curves are worth: ties, the marked lesion, orders that know nothing of the map."""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation
from xai_core.faithfulness.metrics import METRICS
from xai_core.faithfulness.reliability import Reliability
from xai_core.types import MapState
from xai_core.ui import session
from xai_core.ui.wording import plain
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.text_tables import markdown_table

_HELP = (
    "Measures the same curves for a random order of patches, for one from the centre outwards, and "
    "with ties in reverse. A map that does not beat these says little. About three times the work."
)

_LONGEST = 1000  # characters of a line


def show(explanation: Explanation | None, *, measuring: bool) -> None:
    """Draw what is known without a further forward pass, and offer the rest."""
    heatmap = explanation.heatmap if explanation else None
    if explanation is None or heatmap is None or heatmap.state is not MapState.OK:
        return
    st.caption("  \n".join(plain(line, _LONGEST) for line in lines(explanation)))
    if explanation.reliability is not None:
        _baselines(explanation.reliability)
    elif explanation.curves is not None and not measuring:
        st.button(
            "Measure baselines", key="measure", on_click=lambda: session.change(reliability=True),
            help=_HELP,
        )  # fmt: skip


def lines(explanation: Explanation) -> list[str]:
    """What there is to say of a map that can be ranked: a line per fact and measure, plain text."""
    facts = [_order(explanation), _fast(explanation)]
    page_line = [metric.page_line(explanation.metrics) for metric in METRICS.values()]
    return [line for line in (*facts, *page_line) if line]


def _order(explanation: Explanation) -> str:
    return METHODS[explanation.request.method].note


def _fast(explanation: Explanation) -> str:
    request = explanation.request
    method, options = METHODS[request.method], request.cam_options()
    if method.exact_options(options) is None:
        return ""
    return f"Fast {method.title}: {method.option_words(options)} alone."


def _baselines(known: Reliability) -> None:
    rows = (
        ("The map", known.forward),
        ("The map, ties reversed", known.reverse),
        ("Random order (dots)", known.random),
        ("Centre first (dash-dot)", known.centre_first),
    )
    lines = [(name, auc_text(p.insertion), auc_text(p.deletion)) for name, p in rows]
    st.markdown("\n".join(markdown_table(("Order of patches", "Insertion", "Deletion"), lines)))

"""The reliability panel: measurements of the map, and its curves beside those of baseline orders.

Baseline orders of patches do not depend on the map: random, from the centre, ties reversed.
"""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation
from xai_core.faithfulness.metrics import METRICS
from xai_core.faithfulness.reliability import Reliability
from xai_core.ui import session
from xai_core.ui.wording import plain
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.text_tables import markdown_table

_HELP = (
    "Measures the same curves for a random order of patches, for one from the centre outwards, and "
    "with ties in reverse. A map that does not beat these says little. About three times the work."
)

_LINE_LIMIT = 1000  # characters


def show(explanation: Explanation | None, *, measuring: bool) -> None:
    """Draw the known measurements, and a button that measures the baseline orders.

    ``measuring``: whether the job is still running.
    """
    heatmap = explanation.heatmap if explanation else None
    if explanation is None or heatmap is None or not heatmap.state.ranked:
        return
    st.caption("  \n".join(plain(line, _LINE_LIMIT) for line in lines(explanation)))
    if explanation.reliability is not None:
        _show_baselines(explanation.reliability)
    elif explanation.curves is not None and not measuring:
        st.button(
            "Measure baselines", key="measure", on_click=lambda: session.change(reliability=True),
            help=_HELP,
        )  # fmt: skip


def lines(explanation: Explanation) -> list[str]:
    """The panel's lines in plain text: notes on the method, then one line per metric."""
    notes = [METHODS[explanation.request.method].note, _fast_note(explanation)]
    page_lines = [metric.page_line(explanation.metrics) for metric in METRICS.values()]
    return [line for line in (*notes, *page_lines) if line]


def _fast_note(explanation: Explanation) -> str:
    """That the map is a faster approximation of the exact one; empty for exact maps."""
    request = explanation.request
    method, options = METHODS[request.method], request.cam_options()
    if method.exact_options(options) is None:
        return ""
    return f"Fast {method.title}: {method.option_words(options)} alone."


def _show_baselines(reliability: Reliability) -> None:
    orders = (
        ("The map", reliability.forward),
        ("The map, ties reversed", reliability.reverse),
        ("Random order (dots)", reliability.random),
        ("Centre first (dash-dot)", reliability.centre_first),
    )
    rows = [(name, auc_text(pair.insertion), auc_text(pair.deletion)) for name, pair in orders]
    st.markdown("\n".join(markdown_table(("Order of patches", "Insertion", "Deletion"), rows)))

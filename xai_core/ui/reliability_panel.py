"""The reliability panel: measurements of the map, and its curves beside those of other orders of
patches and of another baseline.
"""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation
from xai_core.faithfulness.insertion_deletion import KINDS
from xai_core.faithfulness.metrics import METRICS
from xai_core.faithfulness.reliability import Spread, spread
from xai_core.faithfulness.road import Road
from xai_core.types import TIES
from xai_core.ui import session
from xai_core.ui.wording import plain
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.text_tables import markdown_table

_HELP = (
    "Measures the same curves for random orders of patches, for one from the centre outwards, with "
    "ties by index, and with the breast's mean grey in place of the blurred image; and ROAD, which "
    "fills in what is removed from its neighbours. A map that does not beat the random orders says "
    "little. About eight times the work."
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
    if explanation.curves is not None:
        _show_ties_choice()
    if explanation.reliability is not None:
        st.markdown("\n".join(markdown_table(_HEAD, baseline_rows(explanation))))
        st.caption(road_line(explanation.reliability.road))
    elif explanation.curves is not None and not measuring:
        st.button(
            "Measure baselines", key="measure", on_click=lambda: session.change(reliability=True),
            help=_HELP,
        )  # fmt: skip


def _show_ties_choice() -> None:
    expected, pinned = TIES
    chosen = session.current().request.ties == pinned
    st.toggle(
        "Ties by lower index",
        value=chosen,
        key=session.widget_key("choose ties", chosen),
        help="Off: where patches tie, the curves are the mean over seeded random orders of them. "
        "On: the lower index first, which favours the top of the image.",
        on_change=session.on_user_change(
            "choose ties", lambda value: session.change(ties=pinned if value else expected)
        ),
    )


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


_HEAD = ("Order of patches", "Insertion", "Deletion")


def baseline_rows(explanation: Explanation) -> list[tuple[str, str, str]]:
    """The rows of the table of areas: name, insertion and deletion; none before they are
    measured."""
    found = explanation.reliability
    if found is None or explanation.curves is None:
        return []
    pairs = {
        "The map": explanation.curves,
        "Ties by lower index": found.forward,
        "Ties by higher index": found.reverse,
        "Mean grey instead of blur": found.mean_grey,
        "Centre first (dash-dot)": found.centre_first,
    }
    rows = [
        (name, auc_text(pair.insertion), auc_text(pair.deletion)) for name, pair in pairs.items()
    ]
    insertion, deletion = (
        _spread_text(spread([getattr(pair, kind) for pair in found.random])) for kind in KINDS
    )
    return [*rows, (f"Random, mean of {len(found.random)} (dots)", insertion, deletion)]


def _spread_text(found: Spread) -> str:
    return f"{found.mean:.3f} ({found.lowest:.3f} to {found.highest:.3f})"


def road_line(found: Road) -> str:
    """ROAD's score, and what it is made of, in one sentence."""
    return (
        f"ROAD {found.score:.3f}: half of what the probability is higher after the removal of the "
        f"least relevant patches ({found.least.mean():.3f}) than of the most relevant "
        f"({found.most.mean():.3f}); above 0 the map beats its reverse."
    )

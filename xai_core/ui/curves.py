"""Does the map hold?  How the curves are measured, and the figure as it grows."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from xai_core.cam import METHODS
from xai_core.explanation import Explanation
from xai_core.ui import first_sight, state
from xai_core.ui.remembered import remembered
from xai_core.ui.words import asked_words
from xai_core.viz.curve_figure import Pair, auc_text, curve_figure

_MODES = {"adaptive": "quick", "full": "every step", "none": "off"}
_HEIGHT = 290  # px
_HELP = """
**Insertion** starts from the blurred image and reveals patches, the most relevant first: a faithful
map makes the probability rise early (area under the curve, AUC, near 1).
**Deletion** blurs them in the same order: a faithful map makes it fall early (AUC near 0).
*Quick* measures where the curve moves and estimates its error; *every step* measures all 577
points.
"""


def choose_mode() -> None:
    """How the curves are measured; after the first picture."""
    first_sight.then(_mode, "mode-place")


def _mode() -> None:
    widget, chosen = "choose curves", state.show().request.curves
    st.segmented_control(
        "Does the map hold? Insertion and deletion curves",
        list(_MODES),
        default=chosen,
        required=True,
        format_func=_MODES.__getitem__,
        key=state.key_showing(widget, chosen),
        help=_HELP,
        on_change=state.when_changed(widget, lambda value: state.change(curves=value)),
    )


def show(
    explanation: Explanation | None, *, growing: bool, other: Explanation | None = None
) -> None:
    """Draw the curves so far; the empty axes where there is none yet, so that nothing jumps.

    ``other``: another method's, to lie in the same plot.
    """
    if state.show().request.curves == "none":
        return
    pair = explanation.curves if explanation else None
    name = explanation.target_name if explanation else "the class"
    st.plotly_chart(
        _figure(explanation, other, name, growing=growing),
        key="curve figure",
        theme=None,
        config={"displayModeBar": False},
        alt=_alt(explanation, growing) + _alt_beside(other),
    )
    if pair is not None and not pair.interpretable:
        p = pair.deletion.probability
        st.warning(
            f"Not interpretable: the blurred image scores {p[-1]:.3f} for {name}, no less than the "
            f"image itself ({p[0]:.3f}), so neither area measures the map."
        )


def _figure(
    explanation: Explanation | None, other: Explanation | None, name: str, *, growing: bool
) -> go.Figure:
    pair = explanation.curves if explanation else None
    known = explanation.reliability if explanation else None
    title = "" if explanation is None else METHODS[explanation.request.method].title
    beside = _beside(other)
    orders = {} if known is None else {"Random": known.random, "Centre first": known.centre_first}

    def drawn() -> go.Figure:
        return curve_figure(
            Pair(pair.insertion, pair.deletion) if pair else None,
            name,
            growing=growing and known is None,
            baselines={order: Pair(p.insertion, p.deletion) for order, p in orders.items()},
            title=title,
            beside=beside,
            height=_HEIGHT,
        )

    second = (None, "") if other is None or beside is None else (other.curves, beside[0])
    return remembered("curve figure", (pair, known, *second, name, title, growing), drawn)


def _beside(other: Explanation | None) -> tuple[str, Pair] | None:
    if other is None or other.curves is None:
        return None
    title = METHODS[other.request.method].title
    return title, Pair(other.curves.insertion, other.curves.deletion)


def _alt_beside(other: Explanation | None) -> str:
    if other is None or other.curves is None:
        return ""
    pair, title = other.curves, METHODS[other.request.method].title
    return f"; {title} insertion AUC {auc_text(pair.insertion)}, deletion {auc_text(pair.deletion)}"


def _alt(explanation: Explanation | None, growing: bool) -> str:
    if explanation is None or explanation.curves is None:
        return "Insertion and deletion curves: none yet"
    pair = explanation.curves
    return (
        f"Insertion and deletion curves of {asked_words(explanation)}: "
        f"insertion AUC {auc_text(pair.insertion)}, deletion AUC {auc_text(pair.deletion)}"
        + (", so far" if growing else "")
    )

"""The insertion and deletion curves of the current map, and of a second method if one is chosen.

Three parts: the choice of how the curves are measured, the choice of the second method (kept in the
address as ``?beside=``), and the figure, which is redrawn while the curves are being measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation, JobSnapshot
from xai_core.explain.request import CaseRequest
from xai_core.ui import deferred, job_progress, session
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain, request_words, state_words
from xai_core.viz.curve_figure import Pair, auc_text, curve_figure

SECOND = "beside"
"""The address parameter of the second method."""
_MODES = {"adaptive": "quick", "fine": "fine", "full": "every step", "none": "off"}
_HEIGHT = 290  # px
_HELP = """
**Insertion** starts from the blurred image and reveals patches, the most relevant first: a faithful
map makes the probability rise early (area under the curve, AUC, near 1).
**Deletion** blurs them in the same order: a faithful map makes it fall early (AUC near 0).
*Quick* measures where the curve moves and estimates its error, *fine* does so more closely; *every
step* measures all 577 points. Patches of equal relevance tie: the curve is the mean over seeded
random orders of theirs.
"""


# --- how the curves are measured ---


def show_mode_choice() -> None:
    """Draw the choice of how the curves are measured, deferred until after the first picture."""
    deferred.draw_after_picture(_draw_mode_choice, "mode-place")


def _draw_mode_choice() -> None:
    widget, chosen = "choose curves", session.current().request.curves
    st.segmented_control(
        "Does the map hold? Insertion and deletion curves",
        list(_MODES),
        default=chosen,
        required=True,
        format_func=_MODES.__getitem__,
        key=session.widget_key(widget, chosen),
        help=_HELP,
        on_change=session.on_user_change(widget, lambda value: session.change(curves=value)),
    )


# --- the second method ---


@dataclass
class SecondCurve:
    """``method``: the second method in the plot, if any.  ``changed``: whether it changed since
    :func:`pop_second_changed` was last called."""

    method: str | None = None
    changed: bool = False


def second_request(shown: CaseRequest) -> CaseRequest | None:
    """The request of the second method: ``shown`` with another method; None if none is chosen."""
    method = session.part(SecondCurve).method
    request = shown.request
    if method is None or method == request.method or request.curves == "none":
        return None
    return shown.change(method=method, reliability=False)


def show_second_choice(shown: CaseRequest) -> None:
    """Draw the choice of the second method."""
    second = second_request(shown)
    chosen = None if second is None else second.request.method
    method = shown.request.method
    st.segmented_control(
        "In the same plot, the curves of another method",
        [name for name in METHODS if name != method],
        default=chosen,
        format_func=lambda name: f"+ {METHODS[name].title}",
        key=session.widget_key(f"choose beside {method}", chosen),
        on_change=session.on_user_change(f"choose beside {method}", _set_second),
        help="The same layer, class and options. Click again to take it away. Score-CAM scores an "
        "image for every channel first, which takes a while.",
    )


def show_second_status(snapshot: JobSnapshot | None) -> None:
    """Draw the progress of the second method's job, or why it has no curves."""
    if snapshot is None:
        return
    explanation = snapshot.explanation
    if job_progress.pending(snapshot):
        st.caption(f"The other method: {job_progress.progress_words(snapshot)}.")
    elif snapshot.error:
        st.warning(plain(snapshot.error, 600))
    elif explanation is None or explanation.curves is None:
        heatmap = explanation.heatmap if explanation else None
        name = explanation.target_name if explanation else "the class"
        reason = state_words(heatmap.state, name) if heatmap else None
        st.caption(f"The other method has no curves. {plain(reason or '', 600)}")


def pop_second_changed() -> bool:
    """Whether the second method changed since the last call; resets that."""
    second = session.part(SecondCurve)
    changed, second.changed = second.changed, False
    return changed


def _set_second(method: str | None) -> None:
    second = session.part(SecondCurve)
    second.method, second.changed = method, True


def read_second(parameters: Mapping[str, str]) -> list[str]:
    """Take the second method from an address; returns a sentence if it cannot be used."""
    method = parameters.get(SECOND)
    if method is not None and method not in METHODS:
        return [
            f"The address names beside “{method:.60}”, but only {', '.join(METHODS)} exist; "
            "it was left out."
        ]
    session.part(SecondCurve).method = method
    return []


def second_address(shown: CaseRequest) -> dict[str, str]:
    """The address parameter that restores the second method; empty if none is chosen."""
    second = second_request(shown)
    return {} if second is None else {SECOND: second.request.method}


# --- the figure ---


def show(
    explanation: Explanation | None, *, growing: bool, second: Explanation | None = None
) -> None:
    """Draw the curves so far; empty axes before the first point, so that the layout stays.

    Args:
        explanation: of the current request.
        growing: whether its curves are still being measured.
        second: the explanation by the second method, drawn into the same plot.
    """
    if session.current().request.curves == "none":
        return
    pair = explanation.curves if explanation else None
    name = explanation.target_name if explanation else "the class"
    st.plotly_chart(
        _figure(explanation, second, name, growing=growing),
        key="curve figure",
        theme=None,
        config={"displayModeBar": False},
        alt=_alt(explanation, growing) + _alt_second(second),
    )
    with st.container(key="curves-state"):  # of one height, so that nothing below moves
        if pair is not None and not pair.interpretable:
            p = pair.deletion.probability
            st.warning(
                f"Not interpretable: the blurred image scores {p[-1]:.3f} for {plain(name)}, no "
                f"less than the image itself ({p[0]:.3f}), so neither area measures the map."
            )


def _figure(
    explanation: Explanation | None, second: Explanation | None, name: str, *, growing: bool
) -> go.Figure:
    pair = explanation.curves if explanation else None
    reliability = explanation.reliability if explanation else None
    title = "" if explanation is None else METHODS[explanation.request.method].title
    second_curve = _titled_pair(second)
    orders = (
        {}
        if reliability is None
        else {
            **{f"Random {i}": pair for i, pair in enumerate(reliability.random, start=1)},
            "Centre first": reliability.centre_first,
        }
    )

    def make() -> go.Figure:
        return curve_figure(
            Pair(pair.insertion, pair.deletion) if pair else None,
            name,
            growing=growing and reliability is None,
            baselines={order: Pair(p.insertion, p.deletion) for order, p in orders.items()},
            title=title,
            second_curve=second_curve,
            height=_HEIGHT,
        )

    # The Pair in `second_curve` is new at each call: the memo compares what it was made of.
    second_parts = (
        (None, "") if second is None or second_curve is None else (second.curves, second_curve[0])
    )
    parts = (pair, reliability, *second_parts, name, title, growing)
    return memoised("curve figure", parts, make)


def _titled_pair(second: Explanation | None) -> tuple[str, Pair] | None:
    if second is None or second.curves is None:
        return None
    title = METHODS[second.request.method].title
    return title, Pair(second.curves.insertion, second.curves.deletion)


def _alt_second(second: Explanation | None) -> str:
    if second is None or second.curves is None:
        return ""
    pair, title = second.curves, METHODS[second.request.method].title
    return f"; {title} insertion AUC {auc_text(pair.insertion)}, deletion {auc_text(pair.deletion)}"


def _alt(explanation: Explanation | None, growing: bool) -> str:
    if explanation is None or explanation.curves is None:
        return "Insertion and deletion curves: none yet"
    pair = explanation.curves
    return (
        f"Insertion and deletion curves of {request_words(explanation)}: "
        f"insertion AUC {auc_text(pair.insertion)}, deletion AUC {auc_text(pair.deletion)}"
        + (", so far" if growing else "")
    )

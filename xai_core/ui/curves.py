"""Does the map hold?  The curves of one method, and of a second one beside it.

A second method whose curves lie in the same plot, on demand; the address keeps it.

Does the map hold?  How the curves are measured, and the figure as it grows."""

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
from xai_core.ui.wording import asked_words, plain, state_words
from xai_core.viz.curve_figure import Pair, auc_text, curve_figure

SECOND = "beside"
"""The parameter of the address."""


@dataclass
class SecondCurve:
    """``method``: whose curves lie in the same plot; ``changed``: another one since it was looked
    at."""

    method: str | None = None
    changed: bool = False


def second_request(shown: CaseRequest) -> CaseRequest | None:
    """The request whose curves lie beside those of ``shown``: the same but for the method."""
    method = session.part(SecondCurve).method
    request = shown.request
    if method is None or method == request.method or request.curves == "none":
        return None
    return shown.change(method=method, reliability=False)


def choose_second(shown: CaseRequest) -> None:
    """Draw the choice."""
    other = second_request(shown)
    now = None if other is None else other.request.method
    method = shown.request.method
    st.segmented_control(
        "In the same plot, the curves of another method",
        [name for name in METHODS if name != method],
        default=now,
        format_func=lambda name: f"+ {METHODS[name].title}",
        key=session.key_showing(f"choose beside {method}", now),
        on_change=session.when_changed(f"choose beside {method}", _set),
        help="The same layer, class and options. Click again to take it away. Score-CAM scores an "
        "image for every channel first, which takes a while.",
    )


def show_second_status(snapshot: JobSnapshot | None) -> None:
    """Draw how far the other method is, or why it has no curves."""
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
        why = state_words(heatmap.state, name) if heatmap else None
        st.caption(f"The other method has no curves. {why or ''}")


def second_changed() -> bool:
    """Whether another one was chosen since this was last asked."""
    second = session.part(SecondCurve)
    changed, second.changed = second.changed, False
    return changed


def _set(method: str | None) -> None:
    second = session.part(SecondCurve)
    second.method, second.changed = method, True


def read_second(given: Mapping[str, str]) -> list[str]:
    """Take over what an address names; a sentence where it cannot be used."""
    method = given.get(SECOND)
    if method is not None and method not in METHODS:
        return [
            f"The address names beside “{method:.60}”, but only {', '.join(METHODS)} exist; "
            "it was left out."
        ]
    session.part(SecondCurve).method = method
    return []


def second_address(shown: CaseRequest) -> dict[str, str]:
    """The part of the address that leads back to it."""
    other = second_request(shown)
    return {} if other is None else {SECOND: other.request.method}


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
    deferred.draw_after_picture(_mode, "mode-place")


def _mode() -> None:
    widget, chosen = "choose curves", session.current().request.curves
    st.segmented_control(
        "Does the map hold? Insertion and deletion curves",
        list(_MODES),
        default=chosen,
        required=True,
        format_func=_MODES.__getitem__,
        key=session.key_showing(widget, chosen),
        help=_HELP,
        on_change=session.when_changed(widget, lambda value: session.change(curves=value)),
    )


def show(
    explanation: Explanation | None, *, growing: bool, other: Explanation | None = None
) -> None:
    """Draw the curves so far; the empty axes where there is none yet, so that nothing jumps.

    ``other``: another method's, to lie in the same plot.
    """
    if session.current().request.curves == "none":
        return
    pair = explanation.curves if explanation else None
    name = explanation.target_name if explanation else "the class"
    st.plotly_chart(
        _figure(explanation, other, name, growing=growing),
        key="curve figure",
        theme=None,
        config={"displayModeBar": False},
        alt=_alt(explanation, growing) + _alt_second(other),
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
    second_curve = _second_curve(other)
    orders = {} if known is None else {"Random": known.random, "Centre first": known.centre_first}

    def drawn() -> go.Figure:
        return curve_figure(
            Pair(pair.insertion, pair.deletion) if pair else None,
            name,
            growing=growing and known is None,
            baselines={order: Pair(p.insertion, p.deletion) for order, p in orders.items()},
            title=title,
            second_curve=second_curve,
            height=_HEIGHT,
        )

    second = (
        (None, "") if other is None or second_curve is None else (other.curves, second_curve[0])
    )
    return memoised("curve figure", (pair, known, *second, name, title, growing), drawn)


def _second_curve(other: Explanation | None) -> tuple[str, Pair] | None:
    if other is None or other.curves is None:
        return None
    title = METHODS[other.request.method].title
    return title, Pair(other.curves.insertion, other.curves.deletion)


def _alt_second(other: Explanation | None) -> str:
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

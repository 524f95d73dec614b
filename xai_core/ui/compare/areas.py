"""The areas under the curves on a board: of all its panels, or of none.

Some panels with areas beside some without invite comparing maps by which was measured first.  So
areas stay hidden while any panel's are still to come, and then appear together; a panel whose areas
will not come says why in their place.  No Streamlit here.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from xai_core.explain.explanation import Status
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.ui.compare.panels import PanelAnswer
from xai_core.viz.curve_figure import auc_text


class AreaState(enum.Enum):
    """What is known of a panel's areas."""

    MEASURED = "measured"
    NO_MAP = "no areas: the map shows nothing to rank"
    FAILED = "no areas: the measurement failed"
    MISSING = "still to be measured, stopped, or not asked for"

    @property
    def settled(self) -> bool:
        """Whether nothing more is to come."""
        return self in (AreaState.MEASURED, AreaState.NO_MAP, AreaState.FAILED)


def state_of(answer: PanelAnswer) -> AreaState:
    """What is known of a panel's areas."""
    if _pair(answer) is not None:
        return AreaState.MEASURED
    explanation, job = answer.explanation, answer.active_snapshot
    if job.status is Status.FAILED:
        return AreaState.FAILED
    if answer.map_snapshot.status is Status.DONE and explanation is not None:
        heatmap = explanation.heatmap
        if heatmap is not None and not heatmap.state.ranked:
            return AreaState.NO_MAP
    return AreaState.MISSING


def _pair(answer: PanelAnswer) -> CurvePair | None:
    """The finished curves of a panel."""
    job = answer.curves_snapshot
    if job is None or job.status is not Status.DONE or job.explanation is None:
        return None
    return job.explanation.curves


def all_known(answers: Sequence[PanelAnswer]) -> bool:
    """Whether areas are shown: at least one panel has them, and no other's are still to come."""
    states = [state_of(answer) for answer in answers]
    return AreaState.MEASURED in states and all(state.settled for state in states)


def lines(answers: Sequence[PanelAnswer]) -> tuple[tuple[str, ...], ...]:
    """For each panel the lines about its areas; no line in any panel unless :func:`all_known`."""
    if not all_known(answers):
        return ((),) * len(answers)
    return tuple(_panel_lines(answer) for answer in answers)


def _panel_lines(answer: PanelAnswer) -> tuple[str, ...]:
    pair = _pair(answer)
    if pair is None:
        reason = state_of(answer).value
        return (f"{reason[:1].upper()}{reason[1:]}.",)
    found = (
        f"Insertion AUC {auc_text(pair.insertion)}",
        f"Deletion AUC {auc_text(pair.deletion)}",
    )
    if pair.interpretable:
        return found
    return (*found, "Not interpretable: the blurred image scores no less than the image.")


def status_line(answers: Sequence[PanelAnswer]) -> str:
    """How many of the maps' areas are measured, in a sentence."""
    states = [state_of(answer) for answer in answers]
    measured, failed = states.count(AreaState.MEASURED), states.count(AreaState.FAILED)
    of = len(states) - states.count(AreaState.NO_MAP)
    words = f"Areas under the curves: {measured} of {of} measured"
    if failed:
        words += f", {failed} failed"
    if all(state.settled for state in states):
        return f"{words}."
    return f"{words}; they are shown once all are."

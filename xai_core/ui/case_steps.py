"""The buttons of the previous and the next case, and their keys P and N."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xai_core.ui import session, small_component

_KEY = "steps"
_MOST = 1000  # steps at once


@dataclass
class PendingSteps:
    """Steps that the browser has reported.

    ``steps``: not taken yet; back is negative.  ``since`` and ``total``: the sum of all presses
    that was reported last, and what names this sum: the browser begins another one at 0 when it
    builds the buttons anew.
    """

    steps: int = 0
    since: int = 0
    total: int = 0


def show(case_at: Callable[[int], str | None], go_to: Callable[[str | None], None]) -> None:
    """Take the steps that are pending, and draw the two buttons.

    A press is only noted when it is reported; it is taken when the buttons are next drawn.  If a
    timer of the page fires together with the press, the browser reports it twice: with the timer's
    message, whose run does not draw these buttons, and in its own message.  Because a report holds
    the sum of all presses, that is one step, and six fast presses are six.

    Args:
        case_at: the case at ``step`` (+1 or -1) from the current one; None past the end.
        go_to: shows a case.
    """
    pending = session.part(PendingSteps)
    steps, pending.steps = pending.steps, 0
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        case_id = case_at(direction)
        if case_id is None:
            break
        go_to(case_id)
    small_component.mount(
        "steps",
        {"previous": case_at(-1) is not None, "next": case_at(+1) is not None},
        _KEY,
        "steps",
        note_presses,
    )


def note_presses(reported: Any) -> None:
    """Note the presses that the browser reports: a pair, see :class:`PendingSteps`."""
    if not isinstance(reported, list) or len(reported) != 2:
        return
    if not all(type(number) is int for number in reported):
        return
    since, total = reported
    pending = session.part(PendingSteps)
    before = pending.total if since == pending.since else 0
    pending.steps += min(max(total - before, -_MOST), _MOST)
    pending.since, pending.total = since, total

"""Which case the other pages show, put aside while a page shows a case of its own.

Method, layer, class and levels stay one choice for all pages; only the case differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.ui import state


@dataclass
class Override:
    """``case_id``: the other pages' case while a page shows one of its own."""

    case_id: str | None = None


def lend(case_id: str) -> None:
    """Show ``case_id`` until :func:`take_back`; there must be a request on show."""
    now = state.show()
    if now.case_id != case_id:
        state.part(Override).case_id = now.case_id
        state.change(case_id=case_id, reliability=now.request.reliability)


def take_back() -> None:
    """Show the case that was put aside again, if one was."""
    kept = state.part(Override)
    case_id, kept.case_id = kept.case_id, None
    if case_id is not None:
        state.change(case_id=case_id, reliability=state.show().request.reliability)

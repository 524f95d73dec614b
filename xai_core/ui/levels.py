"""Hybrid-CAM's area levels: what is on offer, and what the viewer's hand asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from xai_core.cam import METHODS
from xai_core.errors import BadRequest
from xai_core.list_text import percentages
from xai_core.types import PAPER_LEVELS
from xai_core.ui import state


@dataclass
class Levels:
    """``own``: levels in percent that were added in this session.  ``problem``: why the last levels
    asked for could not be had, in a sentence; else empty."""

    own: set[float] = field(default_factory=set)
    problem: str = ""


def offered() -> tuple[float, ...]:
    """The paper's levels and every own one added in this session, in percent."""
    kept = state.part(Levels)
    kept.own |= set(_levels()) - set(PAPER_LEVELS)
    return tuple(sorted({*PAPER_LEVELS, *kept.own}))


def offered_now() -> tuple[float, ...]:
    """The levels that can be switched: none where the method has no levels."""
    return offered() if METHODS[state.show().request.method].uses_levels else ()


def _levels() -> tuple[float, ...]:
    levels: tuple[float, ...] = state.show().request.option("levels")
    return levels


def problem() -> str:
    """Why the last levels asked for could not be had, in a sentence; else empty."""
    return state.part(Levels).problem


def choose(levels: list[float]) -> None:
    """Ask for these levels, in percent."""
    if not levels:
        state.part(Levels).problem = "At least one level stays on."
        return
    try:
        state.change(levels=tuple(levels))
    except BadRequest as problem:
        state.part(Levels).problem = str(problem)
    else:
        state.part(Levels).problem = ""


def add(text: str) -> None:
    """Add the levels a person typed."""
    try:
        added = percentages(text)
    except BadRequest as problem:
        state.part(Levels).problem = str(problem)
    else:
        choose([*_levels(), *added])


def back_to_paper() -> None:
    """The paper's ten levels, and no others on offer."""
    state.part(Levels).own = set()
    choose(list(PAPER_LEVELS))

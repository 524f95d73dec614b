"""The list of cases: previous and next, filters with counts, a grid to choose from.

Previous and next, by button and by key.

The filters of the list of cases, each value with the number of cases that have it.

The list of cases: filters, counts, previous and next, a grid of cases to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from xai_core.explain.service import ExplainService
from xai_core.types import CaseRecord, Outcome
from xai_core.ui import case_filter, case_grid, session
from xai_core.ui.case_filter import CaseFilter, counts, neighbour
from xai_core.ui.case_grid import Tile
from xai_core.ui.wording import OUTCOME_WORDS, descriptor_words, plain, view_words


@dataclass
class Steps:
    """``pressed``: the step asked for and not yet taken, +1 or -1; else 0."""

    pressed: int = 0


def previous_and_next(there: Callable[[int], str | None], go: Callable[[str | None], None]) -> None:
    """Take the step that was asked for, if any, and draw the two buttons.

    A press is noted when it is heard and counts when the buttons are drawn.  Where a timer of the
    page goes off with the press, the browser sends it twice: with the timer's message, whose run
    does not come here, and in its own.  That is one step.

    Args:
        there: the case ``step`` (+1 or -1) from the one on show; None past the end.
        go: shows a case.
    """
    kept = session.part(Steps)
    by, kept.pressed = kept.pressed, 0
    if by:
        go(there(by))
    with st.container(horizontal=True, key="steps"):
        st.button(
            "Previous", key="previous", on_click=_note, args=(-1,), disabled=there(-1) is None,
            shortcut="P", width="stretch",
        )  # fmt: skip
        st.button(
            "Next", key="next", on_click=_note, args=(+1,), disabled=there(+1) is None,
            shortcut="N", width="stretch",
        )  # fmt: skip


def _note(by: int) -> None:
    session.part(Steps).pressed = by


_FIELDS = (
    ("pathologies", "Truth", case_filter.truth_of),
    ("views", "View", case_filter.view_of),
    ("densities", "Density (ACR)", case_filter.density_of),
    ("assessments", "Assessment (BI-RADS)", case_filter.assessment_of),
    ("sources", "Source", case_filter.source_of),
)


def show_filters(service: ExplainService, outcomes: dict[str, Outcome], search: str) -> CaseFilter:
    """Draw the filters; the rest of them lies in a fold that says how many are in use."""
    by_outcome = {str(o): sum(1 for found in outcomes.values() if found is o) for o in Outcome}
    chosen = {
        "outcomes": _pills(
            "Outcome", by_outcome,
            help="  \n".join(f"**{o}** {words}" for o, words in OUTCOME_WORDS.items()),
        ),
    }  # fmt: skip
    used = sum(bool(st.session_state.get(_key(label))) for _, label, _ in _FIELDS)
    with st.expander(f"More filters, {used} in use" if used else "More filters"):
        for name, label, value in _FIELDS:
            numbers = counts(service.records, value)
            chosen[name] = _pills(label, numbers) if len(numbers) > 1 else frozenset()
    return CaseFilter(**chosen, search=search)


def _key(label: str) -> str:
    return f"filter {label}"


def _pills(label: str, numbers: dict[str, int], help: str | None = None) -> frozenset[str]:
    picked = st.pills(
        label,
        list(numbers),
        selection_mode="multi",
        format_func=lambda value: f"{plain(value, 40)} {numbers.get(value, 0)}",
        key=_key(label),
        help=help,
        persist_state="session",
    )
    return frozenset(picked)


_POLL = 2.5  # seconds between looks at the predictions while they arrive
_POLL_PICTURES = 0.7  # ... and at the small pictures


@dataclass
class CaseList:
    """``search``: the words looked for.  ``changed``: another case since the list was drawn.
    ``awaited``: whether small pictures are still being made."""

    search: str = ""
    changed: bool = False
    awaited: bool = False


def show(service: ExplainService) -> None:
    """Draw the list; while predictions or pictures arrive it looks after itself."""
    every = _every(service)
    st.fragment(_body, run_every=every)(service, every)


def _every(service: ExplainService) -> float | None:
    """How often to look, in seconds; None where there is nothing to come."""
    # At first as if the pictures were there: mostly they are, and finding that out the other way
    # round would draw the whole page twice.
    if session.part(CaseList).awaited:
        return _POLL_PICTURES
    done, total = service.prediction_progress()
    return _POLL if done < total else None


def _body(service: ExplainService, every: float | None) -> None:
    outcomes = service.outcomes()
    kept = session.part(CaseList)
    shown = show_filters(service, outcomes, kept.search).apply(service.records, outcomes)
    previous_and_next(
        lambda by: neighbour(shown, session.current().case_id, tuple(service.records), by), _go
    )
    if kept.changed:
        kept.changed = False
        st.rerun()
    done, total = service.prediction_progress()
    kept.awaited = case_grid.show(
        service,
        shown,
        session.current().case_id,
        lambda key: _tile(service.records[key], outcomes.get(key)),
        said=_said(service, shown, done, total),
        pick=_go,
        search=kept.search,
        on_search=_search,
    )
    if _every(service) != every:
        st.rerun()


def _search(text: str) -> None:
    session.part(CaseList).search = text


def _go(case_id: str | None) -> None:
    if case_id is not None and case_id != session.current().case_id:
        session.change(case_id=case_id)
        session.part(CaseList).changed = True


def _said(service: ExplainService, shown: tuple[str, ...], done: int, total: int) -> str:
    current, everything = session.current().case_id, len(service.records)
    if not shown:
        said = f"No case matches, of {everything}."
    elif current in shown:
        said = f"Case {shown.index(current) + 1} of {len(shown)} shown, {everything} in all"
    else:
        said = f"{len(shown)} shown, {everything} in all; the one on show is not among them"
    return said + (f". Predicted so far: {done}" if done < total else "")


def _tile(record: CaseRecord, outcome: Outcome | None) -> Tile:
    side = " ".join(part for part in (record.laterality, record.view) if part)
    density = f"density {record.density}" if record.density else ""
    assessment = f"BI-RADS {record.birads}" if record.birads is not None else ""
    truth = str(record.pathology or "truth not given")
    what = descriptor_words(record)
    short = " · ".join(part for part in (side, density) if part)
    scored = " · ".join(part for part in (assessment, truth) if part)
    words = (record.id, view_words(record), truth, outcome, density, assessment, what)
    return Tile(
        case_id=record.id,
        key=record.id,
        name=record.id,
        lines=tuple(line for line in (short, scored, what) if line),
        badge=outcome or "",
        right=outcome in (Outcome.TP, Outcome.TN),
        words=", ".join(str(part) for part in words if part),
    )

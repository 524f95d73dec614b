"""The list of cases: filters with counts, previous and next, and the grid to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.types import CaseRecord, Outcome
from xai_core.ui import case_filter, case_grid, session
from xai_core.ui.case_filter import CaseFilter, neighbour, value_counts
from xai_core.ui.case_grid import Tile
from xai_core.ui.wording import OUTCOME_WORDS, descriptor_words, plain, view_words

# --- previous and next ---


@dataclass
class PendingStep:
    """``step``: +1 or -1 after a press of next or previous that is not taken yet; else 0."""

    step: int = 0


def show_previous_and_next(
    case_at: Callable[[int], str | None], go_to: Callable[[str | None], None]
) -> None:
    """Take the pending step, if any, and draw the two buttons.

    The callback of a button only notes the step; it is taken when the buttons are next drawn.  If
    a timer of the page fires together with the press, the browser sends the press twice: with the
    timer's message, whose run does not draw these buttons, and in its own message.  Noting the
    step instead of taking it makes that one step.

    Args:
        case_at: the case at ``step`` (+1 or -1) from the current one; None past the end.
        go_to: shows a case.
    """
    pending = session.part(PendingStep)
    step, pending.step = pending.step, 0
    if step:
        go_to(case_at(step))
    with st.container(horizontal=True, key="steps"):
        st.button(
            "Previous", key="previous", on_click=_note_step, args=(-1,),
            disabled=case_at(-1) is None, shortcut="P", width="stretch",
        )  # fmt: skip
        st.button(
            "Next", key="next", on_click=_note_step, args=(+1,),
            disabled=case_at(+1) is None, shortcut="N", width="stretch",
        )  # fmt: skip


def _note_step(step: int) -> None:
    session.part(PendingStep).step = step


# --- filters ---

_FIELDS = (
    ("pathologies", "Truth", case_filter.truth_of),
    ("views", "View", case_filter.view_of),
    ("densities", "Density (ACR)", case_filter.density_of),
    ("assessments", "Assessment (BI-RADS)", case_filter.assessment_of),
    ("sources", "Source", case_filter.source_of),
)


def show_filters(service: PageService, outcomes: dict[str, Outcome], search: str) -> CaseFilter:
    """Draw the outcome filter and an expander with the others; returns the chosen filter."""
    by_outcome = {str(o): sum(1 for outcome in outcomes.values() if outcome is o) for o in Outcome}
    chosen = {
        "outcomes": _pills(
            "Outcome", by_outcome,
            help="  \n".join(f"**{o}** {words}" for o, words in OUTCOME_WORDS.items()),
        ),
    }  # fmt: skip
    used = sum(bool(st.session_state.get(_key(label))) for _, label, _ in _FIELDS)
    with st.expander(f"More filters, {used} in use" if used else "More filters"):
        for name, label, value_of in _FIELDS:
            counts = value_counts(service.records, value_of)
            chosen[name] = _pills(label, counts) if len(counts) > 1 else frozenset()
    return CaseFilter(**chosen, search=search)


def _key(label: str) -> str:
    return f"filter {label}"


def _pills(label: str, counts: dict[str, int], help: str | None = None) -> frozenset[str]:
    picked = st.pills(
        label,
        list(counts),
        selection_mode="multi",
        format_func=lambda value: f"{plain(value, 40)} {counts.get(value, 0)}",
        key=_key(label),
        help=help,
        persist_state="session",
    )
    return frozenset(picked)


# --- the list ---

_POLL_PREDICTIONS = 2.5  # seconds
_POLL_THUMBNAILS = 0.7  # seconds


@dataclass
class CaseList:
    """``search``: the text in the search box.  ``case_changed``: whether another case was chosen
    since the list was drawn.  ``thumbnails_pending``: whether thumbnails are still being made."""

    search: str = ""
    case_changed: bool = False
    thumbnails_pending: bool = False


def show(service: PageService) -> None:
    """Draw the list; it redraws itself while predictions or thumbnails are pending."""
    poll_interval = _poll_interval(service)
    st.fragment(_body, run_every=poll_interval)(service, poll_interval)


def _poll_interval(service: PageService) -> float | None:
    """Seconds until the list is drawn again; None when nothing is pending."""
    # A new session starts with no thumbnails pending: mostly they all exist, and assuming the
    # opposite would draw the whole page twice to find that out.
    if session.part(CaseList).thumbnails_pending:
        return _POLL_THUMBNAILS
    done, total = service.prediction_progress()
    return _POLL_PREDICTIONS if done < total else None


def _body(service: PageService, poll_interval: float | None) -> None:
    outcomes = service.outcomes()
    state = session.part(CaseList)
    shown = show_filters(service, outcomes, state.search).apply(service.records, outcomes)
    show_previous_and_next(
        lambda step: neighbour(shown, session.current().case_id, tuple(service.records), step),
        _go_to,
    )
    if state.case_changed:
        state.case_changed = False
        st.rerun()
    done, total = service.prediction_progress()
    state.thumbnails_pending = case_grid.show(
        service,
        shown,
        session.current().case_id,
        lambda key: _tile(service.records[key], outcomes.get(key)),
        status=_status(service, shown, done, total),
        on_pick=_go_to,
        search=state.search,
        on_search=_set_search,
    )
    if _poll_interval(service) != poll_interval:
        st.rerun()


def _set_search(text: str) -> None:
    session.part(CaseList).search = text


def _go_to(case_id: str | None) -> None:
    if case_id is not None and case_id != session.current().case_id:
        session.change(case_id=case_id)
        session.part(CaseList).case_changed = True


def _status(service: PageService, shown: tuple[str, ...], done: int, total: int) -> str:
    current, count = session.current().case_id, len(service.records)
    if not shown:
        status = f"No case matches, of {count}."
    elif current in shown:
        status = f"Case {shown.index(current) + 1} of {len(shown)} shown, {count} in all"
    else:
        status = f"{len(shown)} shown, {count} in all; the one on show is not among them"
    return status + (f". Predicted so far: {done}" if done < total else "")


def _tile(record: CaseRecord, outcome: Outcome | None) -> Tile:
    side = " ".join(part for part in (record.laterality, record.view) if part)
    density = f"density {record.density}" if record.density else ""
    assessment = f"BI-RADS {record.birads}" if record.birads is not None else ""
    truth = str(record.pathology or "truth not given")
    descriptors = descriptor_words(record)
    first_line = " · ".join(part for part in (side, density) if part)
    second_line = " · ".join(part for part in (assessment, truth) if part)
    words = (record.id, view_words(record), truth, outcome, density, assessment, descriptors)
    return Tile(
        case_id=record.id,
        key=record.id,
        name=record.id,
        lines=tuple(line for line in (first_line, second_line, descriptors) if line),
        badge=outcome or "",
        right=outcome in (Outcome.TP, Outcome.TN),
        words=", ".join(str(part) for part in words if part),
    )

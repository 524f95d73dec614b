"""The list of cases: filters, counts, previous and next, a grid of cases to choose from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from xai_core.service import ExplainService
from xai_core.types import CaseRecord, Outcome
from xai_core.ui import case_filters, case_grid, state, steps
from xai_core.ui.case_filter import neighbour
from xai_core.ui.case_grid import Tile
from xai_core.ui.words import descriptor_words, view_words

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
    if state.part(CaseList).awaited:
        return _POLL_PICTURES
    done, total = service.prediction_progress()
    return _POLL if done < total else None


def _body(service: ExplainService, every: float | None) -> None:
    outcomes = service.outcomes()
    kept = state.part(CaseList)
    shown = case_filters.show(service, outcomes, kept.search).apply(service.records, outcomes)
    steps.show(lambda by: neighbour(shown, state.show().case_id, tuple(service.records), by), _go)
    if kept.changed:
        kept.changed = False
        st.rerun()
    done, total = service.prediction_progress()
    kept.awaited = case_grid.show(
        service,
        shown,
        state.show().case_id,
        lambda key: _tile(service.records[key], outcomes.get(key)),
        said=_said(service, shown, done, total),
        pick=_go,
        search=kept.search,
        on_search=_search,
    )
    if _every(service) != every:
        st.rerun()


def _search(text: str) -> None:
    state.part(CaseList).search = text


def _go(case_id: str | None) -> None:
    if case_id is not None and case_id != state.show().case_id:
        state.change(case_id=case_id)
        state.part(CaseList).changed = True


def _said(service: ExplainService, shown: tuple[str, ...], done: int, total: int) -> str:
    current, everything = state.show().case_id, len(service.records)
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
    judged = " · ".join(part for part in (assessment, truth) if part)
    words = (record.id, view_words(record), truth, outcome, density, assessment, what)
    return Tile(
        case_id=record.id,
        key=record.id,
        name=record.id,
        lines=tuple(line for line in (short, judged, what) if line),
        badge=outcome or "",
        right=outcome in (Outcome.TP, Outcome.TN),
        words=", ".join(str(part) for part in words if part),
    )

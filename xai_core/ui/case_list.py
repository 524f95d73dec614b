"""The list of cases: filters, previous and next, and the grid to choose from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.ui import (
    case_grid,
    case_steps,
    chosen_filter,
    empty_list,
    filter_panel,
    session,
)
from xai_core.ui.case_filter import CaseFilter, neighbour
from xai_core.ui.case_tile import make_tile

_POLL_PREDICTIONS = 2.5  # seconds
_POLL_THUMBNAILS = 0.7  # seconds


@dataclass
class CaseList:
    """``case_changed``: whether another case was chosen since the list was drawn.
    ``thumbnails_pending``: whether thumbnails are still being made."""

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
    case_filter = chosen_filter.current(service.records)
    shown = case_filter.apply(service.records, outcomes)
    filter_panel.show(service, case_filter, outcomes)
    case_steps.show(
        lambda step: neighbour(shown, session.current().case_id, tuple(service.records), step),
        _go_to,
    )
    if state.case_changed:
        state.case_changed = False
        st.rerun()
    chosen_filter.update_address()
    ways = () if shown else empty_list.ways_out(case_filter, service.records, outcomes)
    state.thumbnails_pending = case_grid.show(
        service,
        shown,
        session.current().case_id,
        lambda key: make_tile(service.records[key], outcomes.get(key)),
        status=_status(service, shown, case_filter),
        on_pick=_go_to,
        search=case_filter.search,
        on_search=lambda text: chosen_filter.change(search=text),
        ways_out=[(way.key, way.label) for way in ways],
        on_way_out=lambda key: chosen_filter.replace_by(
            next(way.filter for way in ways if way.key == key)
        ),
    )
    if _poll_interval(service) != poll_interval:
        st.rerun()


def _go_to(case_id: str | None) -> None:
    if case_id is not None and case_id != session.current().case_id:
        session.change(case_id=case_id)
        session.part(CaseList).case_changed = True


def _status(service: PageService, shown: tuple[str, ...], case_filter: CaseFilter) -> str:
    current, count = session.current().case_id, len(service.records)
    if not shown:
        done, total = service.prediction_progress()
        return empty_list.reason(case_filter, predicting=done < total)
    if current in shown:
        return f"Case {shown.index(current) + 1} of {len(shown)} shown, {count} in all"
    return f"{len(shown)} shown, {count} in all; the one on show is not among them"

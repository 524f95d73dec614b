"""The filters of the list of cases, each value with the number of cases that have it."""

from __future__ import annotations

import streamlit as st

from xai_core.service import ExplainService
from xai_core.types import Outcome
from xai_core.ui import case_filter
from xai_core.ui.case_filter import CaseFilter, counts
from xai_core.ui.words import OUTCOME_WORDS, plain

_FIELDS = (
    ("pathologies", "Truth", case_filter.truth_of),
    ("views", "View", case_filter.view_of),
    ("densities", "Density (ACR)", case_filter.density_of),
    ("assessments", "Assessment (BI-RADS)", case_filter.assessment_of),
    ("sources", "Source", case_filter.source_of),
)


def show(service: ExplainService, outcomes: dict[str, Outcome], search: str) -> CaseFilter:
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

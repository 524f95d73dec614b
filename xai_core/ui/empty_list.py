"""What the list of cases says, and what it offers, when no case matches.  No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xai_core.cases.base import printable
from xai_core.list_text import counted
from xai_core.types import CaseRecord, Outcome
from xai_core.ui.case_filter import CaseFilter


@dataclass(frozen=True)
class WayOut:
    """A button that shows cases again.  ``key``: identifies it; ``filter``: what it sets."""

    key: str
    label: str
    filter: CaseFilter


def reason(case_filter: CaseFilter, *, predicting: bool) -> str:
    """A sentence that names everything that hides the cases.

    ``predicting``: whether more outcomes will be known.
    """
    parts = []
    if search := printable(" ".join(case_filter.search.split())):
        parts.append(f"the search “{search:.60}”")
    for field in case_filter.in_use():
        parts.append(f"{field.words} {' or '.join(sorted(case_filter.accepted(field)))}")
    so_far = " so far" if predicting and case_filter.outcomes else ""
    return f"No case matches {_listed(parts)}{so_far}."


def _listed(parts: list[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def ways_out(
    case_filter: CaseFilter, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
) -> tuple[WayOut, ...]:
    """The buttons to offer: each leads to at least one case."""
    searched, fields = bool(case_filter.search.strip()), bool(case_filter.in_use())
    without_search = WayOut("search", "Clear the search", replace(case_filter, search=""))
    without_fields = WayOut("filters", "Clear the filters", case_filter.without_fields())
    if not fields:
        return (without_search,) if searched else ()
    if not searched:
        return (without_fields,)
    ways = []
    if without_search.filter.apply(records, outcomes):
        ways.append(without_search)
    if found := len(without_fields.filter.apply(records, outcomes)):
        label = f"Show {counted(found, 'case', 'cases')} without filters"
        ways.append(replace(without_fields, label=label))
    return (*ways, WayOut("both", "Clear search and filters", CaseFilter()))

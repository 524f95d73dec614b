"""The filter of the list of cases in this browser session; all pages with the list share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xai_core.types import CaseRecord
from xai_core.ui import session
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.filter_address import FILTER_NAMES, read_filter, write_filter


@dataclass
class ChosenFilter:
    """``filter``: what the list shows."""

    filter: CaseFilter = field(default_factory=CaseFilter)


def current(records: Mapping[str, CaseRecord]) -> CaseFilter:
    """The filter as far as it concerns the cases of the source, which may have changed."""
    chosen = session.part(ChosenFilter)
    chosen.filter = chosen.filter.restricted_to(records)
    return chosen.filter


def change(**fields: Any) -> None:
    """Change fields of the filter; discards the problems of the address that was read last."""
    replace_by(replace(session.part(ChosenFilter).filter, **fields))


def replace_by(case_filter: CaseFilter) -> None:
    """Set the filter; discards the problems of the address that was read last."""
    session.part(ChosenFilter).filter = case_filter
    session.set_problems(())


# --- the address ---


def read_parameters(parameters: Mapping[str, str], records: Mapping[str, CaseRecord]) -> list[str]:
    """Take the filter from a new address; returns one sentence for each unusable parameter."""
    # What the browser's history lacks was not chosen then; in any other address, what is missing
    # stays as it is: see session.restore.
    chosen = session.part(ChosenFilter)
    default = CaseFilter() if session.is_history_navigation() else chosen.filter
    chosen.filter, problems = read_filter(parameters, records, default)
    return problems


def refuse_parameters(parameters: Mapping[str, str]) -> list[str]:
    """A sentence if an address has a filter on a page that must not have one."""
    named = [name for name in FILTER_NAMES if name in parameters]
    if not named:
        return []
    return [
        f"Blind reading shows all cases, since a filter would give them away: the address's "
        f"{', '.join(named)} had no effect."
    ]


def address() -> dict[str, str]:
    """The parameters of the address that restore the filter."""
    return write_filter(session.part(ChosenFilter).filter)


def update_address() -> None:
    """Write the filter into the address of the page; for the list, which is drawn without it."""
    session.update_address_part(FILTER_NAMES, address())

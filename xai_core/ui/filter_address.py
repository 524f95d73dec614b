"""The filter of the list of cases as parameters of a page's address.  No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from xai_core.cases.base import printable
from xai_core.types import CaseRecord
from xai_core.ui.case_filter import FIELDS, MOST_SEARCHED, CaseFilter

_PARAMETERS = {
    "outcomes": "outcome",
    "pathologies": "truth",
    "views": "projection",  # Compare's layout is `view`
    "densities": "density",
    "assessments": "category",
    "sources": "source",
}
_SEARCH = "find"
FILTER_NAMES = (*_PARAMETERS.values(), _SEARCH)
"""The parameters of an address that describe the filter."""


def write_filter(case_filter: CaseFilter) -> dict[str, str]:
    """The parameters that restore ``case_filter``; a field that accepts all values has none."""
    address = {
        _PARAMETERS[field.name]: ",".join(map(_quoted, sorted(case_filter.accepted(field))))
        for field in case_filter.in_use()
    }
    search = case_filter.search.strip()
    return address | ({_SEARCH: search} if search else {})


def _quoted(value: str) -> str:
    """``value`` without a comma, which separates values: the name of a source may hold one."""
    return value.replace("%", "%25").replace(",", "%2C")


def read_filter(
    parameters: Mapping[str, str], records: Mapping[str, CaseRecord], default: CaseFilter
) -> tuple[CaseFilter, list[str]]:
    """The filter in an address, and one sentence for each parameter with unusable values.

    Args:
        parameters: of the address; others than :data:`FILTER_NAMES` are ignored.
        records: all cases of the source; only values by which they differ can be used.
        default: taken for parameters that are missing.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for field in FIELDS:
        name = _PARAMETERS[field.name]
        if name not in parameters:
            continue
        offered = field.offered(records)
        named = [unquote(part) for part in parameters[name].split(",") if part]
        unusable = [value for value in dict.fromkeys(named) if value not in offered]
        if unusable:
            exist = (
                f"of these cases it is one of {', '.join(offered)}"
                if offered
                else "these cases do not differ in it"
            )
            problems.append(
                f"The address's {name} names “{', '.join(unusable):.60}”, but {exist}; "
                "that was left out."
            )
        chosen[field.name] = frozenset(named).intersection(offered)
    search = default.search
    if _SEARCH in parameters:
        search = printable(" ".join(parameters[_SEARCH].split()))
    if len(search) > MOST_SEARCHED:
        problems.append(
            f"The address's {_SEARCH} has {len(search)} characters, but {MOST_SEARCHED} are the "
            "most; it was left out."
        )
        search = ""
    return replace(default, **chosen, search=search), problems

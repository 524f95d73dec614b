"""The comparison in this browser session.  Case, class and levels are shared with other pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xai_core.explain.service import PageService
from xai_core.ui import chosen_filter, session
from xai_core.ui.compare.panels import (
    METHODS_LAYOUT,
    Comparison,
    read_comparison,
    write_comparison,
)


@dataclass
class CurrentComparison:
    """``comparison``: the one that the page shows."""

    comparison: Comparison = field(default_factory=Comparison)


def restore(service: PageService) -> None:
    """Read the comparison from a new address, else keep the current one."""
    ids = tuple(service.records)

    def read_page_part(parameters: Mapping[str, str]) -> list[str]:
        comparison, problems = read_comparison(parameters, ids)
        session.part(CurrentComparison).comparison = comparison
        if comparison.layout != METHODS_LAYOUT:  # no list of cases
            return problems
        return problems + chosen_filter.read_parameters(parameters, service.records)

    session.restore(ids, service.classifier, read_page_part)
    # The source may have changed since the session began: drop cases that are gone.
    comparison = current()
    session.part(CurrentComparison).comparison = dataclasses.replace(
        comparison,
        positive=comparison.positive if comparison.positive in ids else None,
        negative=comparison.negative if comparison.negative in ids else None,
    )


def current() -> Comparison:
    """The comparison that the page shows."""
    return session.part(CurrentComparison).comparison


def set_default_cases(**cases: Any) -> None:
    """Set Figure 3's ``positive`` or ``negative`` case; unlike :func:`change`, keeps the problems
    of the address that was read last."""
    session.part(CurrentComparison).comparison = dataclasses.replace(current(), **cases)


def change(**fields: Any) -> None:
    """Change the comparison; discards the problems of the address that was read last."""
    session.part(CurrentComparison).comparison = dataclasses.replace(current(), **fields)
    session.change()


def update_address() -> None:
    """Write the comparison, and the filter where the list of cases is drawn, into the address."""
    filters = chosen_filter.address() if current().layout == METHODS_LAYOUT else {}
    session.update_address(write_comparison(current(), session.current()) | filters)

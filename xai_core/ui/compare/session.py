"""What this browser session compares; case, class and levels are the other pages' too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xai_core.service import ExplainService
from xai_core.ui import state
from xai_core.ui.compare.address import Comparison, read_comparison, write_comparison


@dataclass
class Compared:
    """``comparison``: the one on show."""

    comparison: Comparison = field(default_factory=Comparison)


def restore(service: ExplainService) -> None:
    """Take what the address says where a person came with one, else keep what was on show."""
    ids = tuple(service.records)

    def take(given: Mapping[str, str]) -> list[str]:
        state.part(Compared).comparison, problems = read_comparison(given, ids)
        return problems

    state.restore(ids, service.explainer.classifier, also=take)
    now = show()
    state.part(Compared).comparison = dataclasses.replace(
        now,
        positive=now.positive if now.positive in ids else None,
        negative=now.negative if now.negative in ids else None,
    )


def show() -> Comparison:
    """The comparison on show."""
    return state.part(Compared).comparison


def fill(**cases: Any) -> None:
    """Name Figure 3's cases (``positive``, ``negative``) where none was chosen."""
    state.part(Compared).comparison = dataclasses.replace(show(), **cases)


def change(**fields: Any) -> None:
    """Compare something else.  Sentences about the address that led here are then past."""
    state.part(Compared).comparison = dataclasses.replace(show(), **fields)
    state.change()


def mirror() -> None:
    """Write what is compared into the address."""
    state.mirror(write_comparison(show(), state.show()))

"""What this browser session compares; case, class and levels are the other pages' too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xai_core.explain.service import ExplainService
from xai_core.ui import session
from xai_core.ui.compare.panels import Comparison, read_comparison, write_comparison


@dataclass
class Compared:
    """``comparison``: the one on show."""

    comparison: Comparison = field(default_factory=Comparison)


def restore(service: ExplainService) -> None:
    """Take what the address says where a person came with one, else keep what was on show."""
    ids = tuple(service.records)

    def take(given: Mapping[str, str]) -> list[str]:
        session.part(Compared).comparison, problems = read_comparison(given, ids)
        return problems

    session.restore(ids, service.explainer.classifier, also=take)
    now = current()
    session.part(Compared).comparison = dataclasses.replace(
        now,
        positive=now.positive if now.positive in ids else None,
        negative=now.negative if now.negative in ids else None,
    )


def current() -> Comparison:
    """The comparison on show."""
    return session.part(Compared).comparison


def fill(**cases: Any) -> None:
    """Name Figure 3's cases (``positive``, ``negative``) where none was chosen."""
    session.part(Compared).comparison = dataclasses.replace(current(), **cases)


def change(**fields: Any) -> None:
    """Compare something else.  Sentences about the address that led here are then past."""
    session.part(Compared).comparison = dataclasses.replace(current(), **fields)
    session.change()


def mirror() -> None:
    """Write what is compared into the address."""
    session.mirror(write_comparison(current(), session.current()))

"""Which cases a list shows: a filter, its counts, the neighbours of a case.  No Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xai_core.types import CaseRecord, Outcome

NOT_GIVEN = "not given"


@dataclass(frozen=True)
class CaseFilter:
    """The values asked for; an empty set asks for nothing in particular."""

    outcomes: frozenset[str] = frozenset()
    pathologies: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def matches(self, record: CaseRecord, outcome: Outcome | None) -> bool:
        """Whether a case has one of the values asked for, in every field."""
        return all(
            not wanted or value in wanted
            for wanted, value in (
                (self.outcomes, outcome),
                (self.pathologies, record.pathology or NOT_GIVEN),
                (self.views, record.view or NOT_GIVEN),
                (self.sources, record.source),
            )
        )

    def apply(
        self, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
    ) -> tuple[str, ...]:
        """The ids of the cases that match, in the source's order."""
        return tuple(
            key for key, record in records.items() if self.matches(record, outcomes.get(key))
        )


def counts(records: Mapping[str, CaseRecord], value: Callable[[CaseRecord], str]) -> dict[str, int]:
    """How many cases have each value, in order of the values."""
    return dict(sorted(Counter(value(record) for record in records.values()).items()))


def neighbour(
    shown: Sequence[str], current: str, everything: Sequence[str], step: int
) -> str | None:
    """The case ``step`` (+1 or -1) from ``current`` among those shown; None past the end.

    Where ``current`` itself is not shown, the nearest one shown on that side of it.
    """
    place = {key: i for i, key in enumerate(everything)}
    here = place[current]
    ahead = [key for key in shown if (place[key] - here) * step > 0]
    if not ahead:
        return None
    return ahead[0] if step > 0 else ahead[-1]


def page_of(shown: Sequence[str], current: str, size: int) -> tuple[int, tuple[str, ...]]:
    """The stretch of at most ``size`` cases that holds ``current``, and where it begins."""
    begin = shown.index(current) // size * size if current in shown else 0
    return begin, tuple(shown[begin : begin + size])

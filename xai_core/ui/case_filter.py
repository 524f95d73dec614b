"""Which cases a list shows: a filter, its counts, the neighbours of a case.  No Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xai_core.types import CaseRecord, Outcome

NOT_GIVEN = "not given"


def truth_of(record: CaseRecord) -> str:
    """The pathology, or that it is not given."""
    return str(record.pathology or NOT_GIVEN)


def view_of(record: CaseRecord) -> str:
    """CC or MLO, or that it is not given."""
    return record.view or NOT_GIVEN


def density_of(record: CaseRecord) -> str:
    """The ACR density's letter, or that it is not given."""
    return record.density or NOT_GIVEN


def assessment_of(record: CaseRecord) -> str:
    """The BI-RADS assessment category, or that it is not given."""
    return NOT_GIVEN if record.birads is None else str(record.birads)


def source_of(record: CaseRecord) -> str:
    """Where the case comes from."""
    return record.source


@dataclass(frozen=True)
class CaseFilter:
    """The values asked for; an empty set asks for nothing in particular.

    ``search``: words of which each must be found in what is known of the case.
    """

    outcomes: frozenset[str] = frozenset()
    pathologies: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    densities: frozenset[str] = frozenset()
    assessments: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    search: str = ""

    def matches(self, record: CaseRecord, outcome: Outcome | None) -> bool:
        """Whether a case has one of the values asked for, in every field, and every word."""
        values = (
            (self.outcomes, outcome),
            (self.pathologies, truth_of(record)),
            (self.views, view_of(record)),
            (self.densities, density_of(record)),
            (self.assessments, assessment_of(record)),
            (self.sources, source_of(record)),
        )
        if not all(not wanted or value in wanted for wanted, value in values):
            return False
        words = self.search.casefold().replace(",", " ").split()
        text = known_text(record, outcome) if words else ""
        alone = set(text.split())
        # A letter or a digit is a density or a category, not a part of any other word.
        return all(word in (alone if len(word) == 1 else text) for word in words)

    def apply(
        self, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
    ) -> tuple[str, ...]:
        """The ids of the cases that match, in the source's order."""
        return tuple(
            key for key, record in records.items() if self.matches(record, outcomes.get(key))
        )


def known_text(record: CaseRecord, outcome: Outcome | None) -> str:
    """All that is known of a case before its pixels are read, in small letters, to be searched."""
    side = {"L": "left", "R": "right"}.get(record.laterality or "", "")
    parts = [record.id, record.patient_id, side, record.view, record.pathology, outcome]
    parts += [f"density {record.density}" if record.density else "", record.source]
    parts += ["" if record.birads is None else f"bi-rads {record.birads}", *record.findings]
    parts += [f"{term} {value}" for term, value in record.descriptors.items()]
    return " · ".join(str(part) for part in parts if part).casefold()


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


def page_with(shown: Sequence[str], current: str, size: int) -> int:
    """The number of the page of at most ``size`` cases that holds ``current``; else the first."""
    return shown.index(current) // size if current in shown else 0

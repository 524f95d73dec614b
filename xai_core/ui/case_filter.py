"""Filtering the list of cases: a filter, counts per value, a case's neighbours.  No Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xai_core.types import CaseRecord, Outcome

NOT_GIVEN = "not given"


def truth_of(record: CaseRecord) -> str:
    """The pathology, or :data:`NOT_GIVEN`."""
    return str(record.pathology or NOT_GIVEN)


def view_of(record: CaseRecord) -> str:
    """CC or MLO, or :data:`NOT_GIVEN`."""
    return record.view or NOT_GIVEN


def density_of(record: CaseRecord) -> str:
    """The letter of the ACR density, or :data:`NOT_GIVEN`."""
    return record.density or NOT_GIVEN


def assessment_of(record: CaseRecord) -> str:
    """The BI-RADS assessment category, or :data:`NOT_GIVEN`."""
    return NOT_GIVEN if record.birads is None else str(record.birads)


def source_of(record: CaseRecord) -> str:
    """The name of the case's source."""
    return record.source


@dataclass(frozen=True)
class CaseFilter:
    """The accepted values of each field; an empty set accepts all values.

    ``search``: words that must all occur in the case's :func:`search_text`.
    """

    outcomes: frozenset[str] = frozenset()
    pathologies: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    densities: frozenset[str] = frozenset()
    assessments: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    search: str = ""

    def matches(self, record: CaseRecord, outcome: Outcome | None) -> bool:
        """Whether a case has an accepted value in every field and contains every search word."""
        fields = (
            (self.outcomes, outcome),
            (self.pathologies, truth_of(record)),
            (self.views, view_of(record)),
            (self.densities, density_of(record)),
            (self.assessments, assessment_of(record)),
            (self.sources, source_of(record)),
        )
        if not all(not accepted or value in accepted for accepted, value in fields):
            return False
        search_words = self.search.casefold().replace(",", " ").split()
        text = search_text(record, outcome) if search_words else ""
        whole_words = set(text.split())
        # A single letter or digit means a density or a category, so it must be a whole word.
        return all(word in (whole_words if len(word) == 1 else text) for word in search_words)

    def apply(
        self, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
    ) -> tuple[str, ...]:
        """The ids of the matching cases, in the source's order."""
        return tuple(
            key for key, record in records.items() if self.matches(record, outcomes.get(key))
        )


def search_text(record: CaseRecord, outcome: Outcome | None) -> str:
    """The text that a search looks through: a case's metadata and outcome in lower case."""
    side = {"L": "left", "R": "right"}.get(record.laterality or "", "")
    parts = [record.id, record.patient_id, side, record.view, record.pathology, outcome]
    parts += [f"density {record.density}" if record.density else "", record.source]
    parts += ["" if record.birads is None else f"bi-rads {record.birads}", *record.findings]
    parts += [f"{term} {value}" for term, value in record.descriptors.items()]
    return " · ".join(str(part) for part in parts if part).casefold()


def value_counts(
    records: Mapping[str, CaseRecord], value_of: Callable[[CaseRecord], str]
) -> dict[str, int]:
    """The number of cases per value, sorted by value."""
    return dict(sorted(Counter(value_of(record) for record in records.values()).items()))


def neighbour(shown: Sequence[str], current: str, all_ids: Sequence[str], step: int) -> str | None:
    """The next (``step`` +1) or previous (-1) case among ``shown``; None past the end.

    If the filter hides ``current`` itself, its nearest shown case on that side.
    """
    position = {key: i for i, key in enumerate(all_ids)}
    here = position[current]
    candidates = [key for key in shown if (position[key] - here) * step > 0]
    if not candidates:
        return None
    return candidates[0] if step > 0 else candidates[-1]


def page_of(shown: Sequence[str], current: str, size: int) -> int:
    """The index (from 0) of the page of ``size`` cases that holds ``current``; 0 if none does."""
    return shown.index(current) // size if current in shown else 0

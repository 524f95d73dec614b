"""Filtering the list of cases: a filter, counts per value, a case's neighbours.  No Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xai_core.types import CaseRecord, Outcome

NOT_GIVEN = "not given"
OUTCOMES = "outcomes"
"""The name of the field whose values depend on the model; all others depend on the record alone."""
MOST_SEARCHED = 200
"""The most characters of a search."""

# --- fields ---


@dataclass(frozen=True)
class FilterField:
    """Something that cases are filtered by.

    ``name``: the attribute of :class:`CaseFilter`.  ``label``: its heading.  ``words``: what stands
    before a value in a sentence.  ``value_of``: the value of a case; None if it has none yet.
    """

    name: str
    label: str
    words: str
    value_of: Callable[[CaseRecord, Outcome | None], str | None]

    def offered(self, records: Mapping[str, CaseRecord]) -> tuple[str, ...]:
        """The values that cases can be filtered by; empty if they do not differ in this field."""
        if self.name == OUTCOMES:
            # Known before any prediction, so that nothing appears later.
            has_truth = any(record.class_index is not None for record in records.values())
            return tuple(Outcome) if has_truth else ()
        values = sorted({self.value_of(record, None) or NOT_GIVEN for record in records.values()})
        return tuple(values) if len(values) > 1 else ()


FIELDS = (
    FilterField(OUTCOMES, "Outcome", "outcome", lambda _, outcome: outcome),
    FilterField(
        "pathologies", "Truth", "truth", lambda record, _: str(record.pathology or NOT_GIVEN)
    ),
    FilterField("views", "View", "view", lambda record, _: record.view or NOT_GIVEN),
    FilterField(
        "densities", "Density (ACR)", "density", lambda record, _: record.density or NOT_GIVEN
    ),
    FilterField(
        "assessments", "Assessment (BI-RADS)", "BI-RADS",
        lambda record, _: NOT_GIVEN if record.birads is None else str(record.birads),
    ),
    FilterField("sources", "Source", "source", lambda record, _: record.source),
)  # fmt: skip
"""All fields, in the order in which they are shown."""


# --- the filter ---


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

    def accepted(self, field: FilterField) -> frozenset[str]:
        """The accepted values of a field; an empty set accepts all."""
        values: frozenset[str] = getattr(self, field.name)
        return values

    def in_use(self) -> tuple[FilterField, ...]:
        """The fields that do not accept all values."""
        return tuple(field for field in FIELDS if self.accepted(field))

    def without_fields(self) -> CaseFilter:
        """The search alone."""
        return CaseFilter(search=self.search)

    def restricted_to(self, records: Mapping[str, CaseRecord]) -> CaseFilter:
        """Without values that these cases cannot be filtered by: of another source."""
        values: dict[str, Any] = {
            field.name: self.accepted(field) & frozenset(field.offered(records))
            for field in self.in_use()
        }
        return replace(self, **values) if values else self

    def refusing_fields(
        self, record: CaseRecord, outcome: Outcome | None
    ) -> tuple[FilterField, ...]:
        """The fields whose accepted values do not include the case's."""
        return tuple(
            field
            for field in self.in_use()
            if field.value_of(record, outcome) not in self.accepted(field)
        )

    def finds(self, record: CaseRecord, outcome: Outcome | None) -> bool:
        """Whether a case contains every search word."""
        search_words = self.search.casefold().replace(",", " ").split()
        text = search_text(record, outcome) if search_words else ""
        whole_words = set(text.split())
        # A single letter or digit means a density or a category, so it must be a whole word.
        return all(word in (whole_words if len(word) == 1 else text) for word in search_words)

    def apply(
        self, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
    ) -> tuple[str, ...]:
        """The ids of the cases that have an accepted value in every field and contain every search
        word, in the source's order."""
        return tuple(
            key
            for key, record in records.items()
            if not self.refusing_fields(record, outcomes.get(key))
            and self.finds(record, outcomes.get(key))
        )

    def counts(
        self, records: Mapping[str, CaseRecord], outcomes: Mapping[str, Outcome]
    ) -> dict[str, dict[str, int]]:
        """By field and value, the cases that match the search and all OTHER fields.

        That is how many cases the list would show with this value of the field alone, so the
        counts of a field do not change with what is chosen in it.  Every value that is offered has
        a count, be it 0; a field that is not offered has none.
        """
        found: dict[str, Counter[str | None]] = {field.name: Counter() for field in FIELDS}
        for key, record in records.items():
            outcome = outcomes.get(key)
            refusing = self.refusing_fields(record, outcome)
            if len(refusing) > 1 or not self.finds(record, outcome):
                continue
            for field in refusing or FIELDS:
                found[field.name][field.value_of(record, outcome)] += 1
        return {
            field.name: {value: found[field.name][value] for value in field.offered(records)}
            for field in FIELDS
        }


def search_text(record: CaseRecord, outcome: Outcome | None) -> str:
    """The text that a search looks through: a case's metadata and outcome in lower case."""
    side = {"L": "left", "R": "right"}.get(record.laterality or "", "")
    parts = [record.id, record.patient_id, side, record.view, record.pathology, outcome]
    parts += [f"density {record.density}" if record.density else "", record.source]
    parts += ["" if record.birads is None else f"bi-rads {record.birads}", *record.findings]
    parts += [f"{term} {value}" for term, value in record.descriptors.items()]
    return " · ".join(str(part) for part in parts if part).casefold()


# --- neighbours and pages ---


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

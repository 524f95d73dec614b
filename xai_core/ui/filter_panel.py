"""The filters above the list of cases: the outcomes as a table to click, and the other fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai_core.explain.service import PageService
from xai_core.list_text import counted
from xai_core.types import CaseRecord, Outcome
from xai_core.ui import chosen_filter, small_component
from xai_core.ui.case_filter import FIELDS, OUTCOMES, CaseFilter, FilterField
from xai_core.ui.wording import OUTCOME_WORDS

_KEY = "case filters"


def show(service: PageService, case_filter: CaseFilter, outcomes: Mapping[str, Outcome]) -> None:
    """Draw the filters with the number of cases of each value.

    What the user chooses is set by :func:`xai_core.ui.chosen_filter.change`.

    Args:
        service: its cases are filtered.
        case_filter: what is chosen.
        outcomes: as far as they are predicted, the same that the list is drawn with.
    """
    records = service.records
    small_component.mount(
        "filters",
        panel_data(case_filter, records, outcomes, service.prediction_progress()),
        _KEY,
        "filter",
        lambda chosen: chosen_filter.change(**read_choice(chosen, records)),
    )


def panel_data(
    case_filter: CaseFilter,
    records: Mapping[str, CaseRecord],
    outcomes: Mapping[str, Outcome],
    progress: tuple[int, int],
) -> dict[str, Any]:
    """What the component draws.

    Args:
        case_filter: its accepted values are pressed.
        records, outcomes: of all cases; the outcomes as far as they are predicted.
        progress: how many cases are predicted, and how many there are.
    """
    done, total = progress
    predicting = done < total
    counts = case_filter.counts(records, outcomes)
    fields = [
        {
            "name": field.name,
            "label": field.label,
            "values": [
                _value(field, value, count, predicting)
                for value, count in counts[field.name].items()
            ],
        }
        for field in FIELDS
        if counts[field.name]
    ]
    return {
        "progress": f"{done} of {total} predicted so far" if predicting else "",
        "outcomes": next((field for field in fields if field["name"] == OUTCOMES), None),
        "fields": [field for field in fields if field["name"] != OUTCOMES],
        "chosen": {field.name: sorted(case_filter.accepted(field)) for field in FIELDS},
    }


def _value(field: FilterField, value: str, count: int, predicting: bool) -> dict[str, Any]:
    cases = counted(count, "case", "cases")
    shown = {"value": value, "count": count, "words": f"{field.words} {value}: {cases}", "help": ""}
    if field.name != OUTCOMES:
        return shown
    outcome = Outcome(value)
    sentence = OUTCOME_WORDS[outcome]
    words = f"{value}, {sentence.partition(':')[0]}: {cases}{' so far' if predicting else ''}"
    return shown | {"right": outcome.is_right, "words": words, "help": f"{value}, {sentence}"}


def read_choice(chosen: Any, records: Mapping[str, CaseRecord]) -> dict[str, frozenset[str]]:
    """The accepted values by field, of what the browser sent; values not offered are left out."""
    named = chosen if isinstance(chosen, dict) else {}

    def accepted(field: FilterField) -> frozenset[str]:
        values = named.get(field.name)
        listed = values if isinstance(values, list) else []
        return frozenset(value for value in field.offered(records) if value in listed)

    return {field.name: accepted(field) for field in FIELDS}

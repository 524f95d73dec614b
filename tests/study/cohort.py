"""A source of cases made on the spot."""

from __future__ import annotations

from collections.abc import Sequence

from xai_core.cases.base import find_entry
from xai_core.types import Case, CaseRecord


class Cohort:
    """Cases that are already there."""

    name, is_phantom, warnings = "Cohort", False, ()

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = {case.id: case for case in cases}

    def records(self) -> tuple[CaseRecord, ...]:
        return tuple(self._cases.values())

    def load(self, case_id: str) -> Case:
        return find_entry(self._cases, case_id, self.name)

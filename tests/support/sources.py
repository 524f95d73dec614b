"""A source of cases without files."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable

from xai_core.cases.base import find_entry
from xai_core.errors import UnreadableImage
from xai_core.types import Case, CaseRecord

_RECORD = tuple(field.name for field in dataclasses.fields(CaseRecord))


class MemorySource:
    """Cases in memory, in the order given; a :class:`xai_core.cases.base.CaseSource`.

    ``unreadable``: ids that are listed as the others, but whose pixels cannot be read.
    """

    name, warnings = "memory", ()

    def __init__(
        self, cases: Iterable[Case], *, unreadable: Container[str] = (), is_phantom: bool = True
    ) -> None:
        self._cases = {case.id: case for case in cases}
        self._unreadable = unreadable
        self.is_phantom = is_phantom

    def records(self) -> tuple[CaseRecord, ...]:
        """Every case without its pixels."""
        return tuple(
            CaseRecord(**{name: getattr(case, name) for name in _RECORD})
            for case in self._cases.values()
        )

    def load(self, case_id: str) -> Case:
        """The case as it was given.

        Raises:
            CaseNotFound: there is none.
            UnreadableImage: it is one of ``unreadable``.
        """
        case = find_entry(self._cases, case_id, self.name)
        if case_id in self._unreadable:
            raise UnreadableImage(f"{case_id}.png is damaged.")
        return case

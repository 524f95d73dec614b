"""The interface of a source of cases, and helpers that the sources share."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from xai_core.errors import CaseNotFound
from xai_core.types import Case, CaseRecord

Entry = TypeVar("Entry")


@runtime_checkable
class CaseSource(Protocol):
    """A source of cases.

    ``name`` is shown to users and contains no path.  ``is_phantom``: whether every case is
    synthetic.  ``warnings``: sentences about the source as a whole, such as rows without an image
    or files left out.
    """

    @property
    def name(self) -> str: ...

    @property
    def is_phantom(self) -> bool: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    def records(self) -> tuple[CaseRecord, ...]:
        """Every case without its pixels, in a fixed order.  Fast: no image is decoded."""
        ...

    def load(self, case_id: str) -> Case:
        """The case with its pixels.  ``case_id`` is looked up, never used as a path.

        Raises:
            CaseNotFound: no case of this source has that id.
            CaseError: the case's files were damaged, moved or changed after they were listed.
        """
        ...


class PathSource(CaseSource, Protocol):
    """A source that a file or folder is opened as; ``cases/sources/open_source.py`` lists them.

    ``allowed``: what it opens, in the words of the sentence that lists what may be named.
    """

    allowed: str

    def __init__(self, path: Path, /) -> None:
        """List the cases of ``path``; no pixel is decoded.

        Raises:
            SourceNotFound: it holds no case.
            BadAnnotation: a manifest or table of it cannot be understood.
        """

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Whether ``path``, a file or folder that exists, is one of this source's own.

        Raises:
            OSError: it cannot be read.
        """
        ...


def find_entry(entries: Mapping[str, Entry], case_id: str, source: str) -> Entry:
    """The entry of ``case_id``.

    Raises:
        CaseNotFound: there is none; the sentence names the id and an existing one as an example.
    """
    try:
        return entries[case_id]
    except (KeyError, TypeError):
        asked = f"{case_id!s:.60}"
        example = next(iter(entries), None)
        raise CaseNotFound(
            f"There is no case {asked!r} in {source}; choose one of its {len(entries)} cases"
            + (f", for example {example!r}." if example else ".")
        ) from None


def with_pixels(record: CaseRecord, *, more_warnings: tuple[str, ...] = (), **pixels: Any) -> Case:
    """The case of ``record`` with its pixels; the keyword arguments are fields of ``Case``.

    ``more_warnings``: warnings from reading the pixels, added to those of the record.
    """
    known = {f.name: getattr(record, f.name) for f in dataclasses.fields(CaseRecord)}
    known["warnings"] = (*record.warnings, *more_warnings)
    return Case(**{**known, **pixels})


# Default_Ignorable_Code_Point of Unicode, as far as Python counts them as printable: fillers,
# joiners and variation selectors, which are not seen.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that must not be shown as it is."""


def printable(text: str) -> str:
    """``text`` on one line, all of it to be seen: every character that is not printable (control
    characters, line breaks, direction marks, zero-width characters, surrogates, unassigned ones)
    is replaced by :data:`REPLACEMENT`."""
    seen = "".join(c if c.isprintable() else REPLACEMENT for c in text)
    return _UNSEEN.sub(REPLACEMENT, seen)


def first_few(names: list[str], limit: int = 5) -> str:
    """The first ``limit`` of ``names`` for a sentence: ``a, b, c and 7 more``."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"

"""Values of a blind reading: aliases of cases, the reader's marks and answer.  No Streamlit.

A case's id may hold its truth (a folder called "malignant"), and so may its position in a list.
Blind reading therefore names a case by an alias, a digest of its id, and lists cases in the order
of their aliases.  The alias is not a secret for someone who has the files: it keeps the truth off
the page, out of the address and out of the data that are sent.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# --- aliases ---


def alias(case_id: str) -> str:
    """Ten hex digits, the same in every session, so that an address with an alias stays valid."""
    return hashlib.blake2b(case_id.encode(), digest_size=5, person=b"blind reading").hexdigest()


def cases_by_alias(case_ids: Iterable[str]) -> dict[str, str]:
    """Case ids by their aliases, in the order of the aliases."""
    return dict(sorted((alias(case_id), case_id) for case_id in case_ids))


# --- marks and answers ---

LOW, RECOMBINED = "low", "recombined"
CONFIDENCES = (50, 60, 75, 90, 100)
"""The reader's confidence in the class: the chance of being right in percent, 50 is a guess."""
_MAX_MARKS = 20


@dataclass(frozen=True)
class Mark:
    """A box on a picture, in its pixels; a point if both corners are the same.

    ``picture``: "low" or "recombined"; each has its own pixel grid.
    """

    picture: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in the picture's pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def as_json(self) -> dict[str, Any]:
        """The mark as the viewer takes it: its picture and centre."""
        x, y = self.centre
        return {"picture": self.picture, "x": x, "y": y}


def point_mark(picture: str, x: float, y: float) -> Mark:
    """A mark at one point."""
    return Mark(picture, x, y, x, y)


def read_marks(from_browser: Any, shapes: Mapping[str, tuple[float, float]]) -> tuple[Mark, ...]:
    """The valid marks in a list from the browser, at most 20; anything else is left out.

    Args:
        from_browser: unchecked; a list of ``{"picture", "x", "y"}``.
        shapes: (H, W) of the case's pictures, by name.
    """
    marks = []
    for item in from_browser if isinstance(from_browser, list) else []:
        try:
            picture, x, y = str(item["picture"]), float(item["x"]), float(item["y"])
            height, width = shapes[picture]
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(x) and math.isfinite(y) and 0 <= x <= width and 0 <= y <= height:
            marks.append(point_mark(picture, x, y))
    return tuple(marks[:_MAX_MARKS])


@dataclass(frozen=True)
class Answer:
    """``class_index``: 0 benign, 1 malignant.  ``confidence``: one of :data:`CONFIDENCES`.
    ``marks``: empty if the reader found nothing to mark."""

    class_index: int
    confidence: int
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class CommittedReading:
    """``answer``: cannot be changed any more.  ``model_shown``: whether the model's decision was
    shown after it."""

    answer: Answer
    model_shown: bool = False

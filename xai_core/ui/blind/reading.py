"""What a reader says of a case, how it meets the truth, under which name it is read.

Names of cases that give nothing away.  No Streamlit.

A case's own name may hold its truth (a folder called "malignant"), and so may its place in a list.
An alias is a digest of the name, and blind lists are in the aliases' order.  It is no secret to who
holds the files: it keeps the truth off the page, out of the address and out of what is sent.

What a reader says of a case before anything is shown, and how that meets the truth.

No Streamlit."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage as ndi

from xai_core.types import BoolArray


def alias(case_id: str) -> str:
    """Ten hex digits, the same in every session: an address with them can be opened again."""
    return hashlib.blake2b(case_id.encode(), digest_size=5, person=b"blind reading").hexdigest()


def in_blind_order(case_ids: Iterable[str]) -> dict[str, str]:
    """Alias -> case, in the order of the aliases."""
    return dict(sorted((alias(case_id), case_id) for case_id in case_ids))


LOW, RECOMBINED = "low", "recombined"
CONFIDENCES = (50, 60, 75, 90, 100)
"""How sure a reader is of the class, as the chance in percent of being right: 50 is a guess."""
_MOST_MARKS = 20


@dataclass(frozen=True)
class Mark:
    """A place on a case's picture, in that picture's pixels: a box, or a point where both corners
    are one.  ``picture``: "low" or "recombined", each on its own grid."""

    picture: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def as_json(self) -> dict[str, Any]:
        """As the viewer draws it."""
        x, y = self.centre
        return {"picture": self.picture, "x": x, "y": y}


def point(picture: str, x: float, y: float) -> Mark:
    """A mark without extent."""
    return Mark(picture, x, y, x, y)


def read_marks(given: Any, shapes: Mapping[str, tuple[int, int]]) -> tuple[Mark, ...]:
    """The points of a list from the browser; what lies on no picture is left out.

    Args:
        given: ``{"picture", "x", "y"}`` each.
        shapes: (H, W) of the pictures there are.
    """
    marks = []
    for one in given if isinstance(given, list) else []:
        try:
            picture, x, y = str(one["picture"]), float(one["x"]), float(one["y"])
            height, width = shapes[picture]
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(x) and math.isfinite(y) and 0 <= x <= width and 0 <= y <= height:
            marks.append(point(picture, x, y))
    return tuple(marks[:_MOST_MARKS])


@dataclass(frozen=True)
class Answer:
    """``called``: 0 benign or 1 malignant.  ``confidence``: one of :data:`CONFIDENCES`.  ``marks``:
    none where the reader saw nothing to mark."""

    called: int
    confidence: int
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Found:
    """``hits``: marks on, or within reach of, something the source marked.  ``lesions``: connected
    marked regions with a mark in reach, of ``of``."""

    hits: int
    lesions: int
    of: int


def match_marks(marks: tuple[Mark, ...], mask: BoolArray | None, reach: float) -> Found:
    """How marks meet a mask (H, W) on their own picture's grid.

    Args:
        reach: pixels a mark may be away.
    """
    if mask is None or not mask.any():
        return Found(0, 0, 0)
    regions, of = ndi.label(mask, structure=np.ones((3, 3)))
    away = ndi.distance_transform_edt(~mask, return_distances=True, return_indices=True)
    distances, (rows, columns) = away
    hit: set[int] = set()
    hits = 0
    for mark in marks:
        x, y = mark.centre
        row = min(int(y), mask.shape[0] - 1)
        column = min(int(x), mask.shape[1] - 1)
        if distances[row, column] <= reach:
            hits += 1
            hit.add(int(regions[rows[row, column], columns[row, column]]))
    return Found(hits, len(hit), int(of))

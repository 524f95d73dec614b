"""Out-of-distribution score: how different a picture is from the built-in phantoms.

The score is the Mahalanobis distance in the quantities of :mod:`xai_core.study.realism.measure`
(grey levels, texture and shape): each quantity is scaled by its spread in the reference, and
correlated quantities are not counted twice.  A large distance means another kind of picture; a
small one does not mean that the model's prediction can be trusted.

The phantoms' measurements are kept in a file with the digest of the library's manifest, and
measured again if the library is another one.  After the library was generated again,

    python -m xai_core.study.out_of_distribution

rewrites that file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from xai_core.cases.base import CaseSource
from xai_core.cases.sources.library import MANIFEST, PhantomLibrary
from xai_core.files import write_text
from xai_core.list_text import counted
from xai_core.settings import ASSETS, LIBRARY
from xai_core.study.realism.measure import IMAGE_KEYS, LOW_ENERGY, measurable, measure_source

# --- The score --------------------------------------------------------------------------------

_MIN_REFERENCE = 20  # pictures
_RANGE = (5, 95)  # percentiles of the reference between which a quantity counts as usual

Values = Mapping[str, float]
"""A result of :func:`xai_core.study.realism.measure.measure_square`."""


@dataclass(frozen=True)
class UnusualQuantity:
    """A quantity outside its usual range: key, value, and the reference's 5 % and 95 %
    percentiles."""

    key: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OutOfDistributionScore:
    """``distance``: the Mahalanobis distance, in standard deviations.  ``nearer``: the share of the
    reference pictures, in [0, 1], that have a smaller distance to the rest of the reference.
    ``unusual``: quantities outside their usual range, the furthest outside first."""

    distance: float
    nearer: float
    unusual: tuple[UnusualQuantity, ...]


class Reference:
    """The reference pictures of the score.  ``size``: their number."""

    def __init__(self, pictures: Sequence[Values]) -> None:
        """Pictures that lack a quantity are left out.

        Raises:
            ValueError: fewer than 20 are left.
        """
        rows = np.array([_row(one) for one in pictures], dtype=np.float64)
        rows = rows.reshape(len(pictures), len(IMAGE_KEYS))
        rows = rows[np.isfinite(rows).all(1)]
        if len(rows) < _MIN_REFERENCE:
            too_few = counted(len(rows), "picture is", "pictures are")
            raise ValueError(f"{too_few} too few to compare with")
        self.size = len(rows)
        self._centre, self._spread = rows.mean(0), rows.std(0) + 1e-9
        self._low, self._high = np.percentile(rows, _RANGE, axis=0)
        scaled = (rows - self._centre) / self._spread
        self._precision, self._middle = _fitted(scaled)
        # Leave one out: a picture that is part of the reference would seem too near to it.
        self._own = np.sort(
            [_distance(row, *_fitted(np.delete(scaled, i, axis=0))) for i, row in enumerate(scaled)]
        )

    def compare(self, picture: Values) -> OutOfDistributionScore | None:
        """The score of a picture; None where one of its quantities is not defined."""
        row = _row(picture)
        if not np.isfinite(row).all():
            return None
        scaled = (row - self._centre) / self._spread
        distance = _distance(scaled, self._precision, self._middle)
        return OutOfDistributionScore(
            distance=distance,
            nearer=float(np.searchsorted(self._own, distance) / self.size),
            unusual=self._unusual(row),
        )

    def _unusual(self, row: NDArray[np.float64]) -> tuple[UnusualQuantity, ...]:
        outside = np.maximum(self._low - row, row - self._high) / self._spread
        return tuple(
            UnusualQuantity(IMAGE_KEYS[i], float(row[i]), float(self._low[i]), float(self._high[i]))
            for i in np.argsort(-outside)
            if outside[i] > 0
        )


def _row(picture: Values) -> NDArray[np.float64]:
    return np.array([picture[key] for key in IMAGE_KEYS], dtype=np.float64)


def _fitted(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The inverse covariance and the mean of ``rows``; the covariance is shrunk (Ledoit and Wolf
    2004), since there are many quantities for so few pictures."""
    found = LedoitWolf().fit(rows)
    return found.precision_, found.location_


def _distance(
    row: NDArray[np.float64], precision: NDArray[np.float64], middle: NDArray[np.float64]
) -> float:
    away = row - middle
    return float(np.sqrt(away @ precision @ away))


# --- The reference's measurements -------------------------------------------------------------

REFERENCE_FILE = ASSETS / "pages" / "phantoms.json"
_FORMAT = 1
_DIGITS = 6  # significant


def library_digest(folder: Path = LIBRARY) -> str:
    """SHA-256 (hex) of the library's manifest, which holds the digest of every picture."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def measure_reference(source: CaseSource) -> list[Values]:
    """The measurements of every low-energy image, on all cores; unreadable cases are left out."""
    found = measure_source(source, measurable(source), (LOW_ENERGY,))
    return [
        {key: m.values[key] for key in IMAGE_KEYS}
        for one in found
        if isinstance(one, list)
        for m in one
    ]


def write_reference(path: Path, pictures: list[Values], digest: str) -> None:
    """Write the measurements of the library whose manifest has ``digest``."""
    rows = [[float(f"{one[key]:.{_DIGITS}g}") for key in IMAGE_KEYS] for one in pictures]
    content = {
        "format": _FORMAT,
        "command": "python -m xai_core.study.out_of_distribution",
        "library": digest,
        "keys": IMAGE_KEYS,
        "pictures": rows,
    }
    text = json.dumps(content, allow_nan=True)
    write_text(path, text.replace("], [", "],\n[") + "\n")


def read_reference(path: Path, digest: str) -> list[Values] | None:
    """The measurements in ``path`` if they are of the library whose manifest has ``digest``, else
    None."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fits = (content["format"], content["library"], tuple(content["keys"])) == (
            _FORMAT, digest, IMAGE_KEYS,
        )  # fmt: skip
        if not fits:
            return None
        return [dict(zip(IMAGE_KEYS, map(float, row), strict=True)) for row in content["pictures"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reference_values() -> list[Values]:
    """The measurements of the built-in phantoms, from the file or measured now.

    Raises:
        CaseError: the library cannot be read.
    """
    source = PhantomLibrary()  # raises where there is no manifest
    return read_reference(REFERENCE_FILE, library_digest()) or measure_reference(source)


if __name__ == "__main__":
    write_reference(REFERENCE_FILE, measure_reference(PhantomLibrary()), library_digest())

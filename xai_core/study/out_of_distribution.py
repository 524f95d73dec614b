"""How unlike a picture is to the built-in phantoms.

How unlike a picture is to a set of others, by what its grey levels, texture and shape measure.

The distance is Mahalanobis': each quantity counts in the spread the reference has, and what goes
together there counts once.  It looks at nothing else, so it says "this is another kind of picture",
never "this picture is safe to judge".

The built-in phantoms' measurements: from a file where it is of this very library, else measured.

    python -m xai_core.study.typical

writes that file anew, after the library was drawn anew: some seconds."""

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
from xai_core.settings import ASSETS, LIBRARY
from xai_core.study.realism.measure import IMAGE_KEYS, LOW_ENERGY, measurable, measure_source

_FEWEST = 20
_RANGE = (5, 95)  # percentiles between which a quantity counts as usual

Values = Mapping[str, float]
"""What :func:`xai_core.study.realism.measure.measure_square` gives."""


@dataclass(frozen=True)
class UnusualQuantity:
    """A quantity outside the usual range: its key, its value, and the reference's 5 and 95 %
    percentiles."""

    key: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OutOfDistributionScore:
    """``distance``: Mahalanobis', in standard deviations.  ``nearer``: share of the reference, in
    [0, 1], that is nearer to the rest of it.  ``odd``: the quantities furthest outside first."""

    distance: float
    nearer: float
    odd: tuple[UnusualQuantity, ...]


class Reference:
    """Pictures to compare with.

    ``size``: how many.
    """

    def __init__(self, pictures: Sequence[Values]) -> None:
        """Those that lack a quantity are left out.

        Raises:
            ValueError: fewer than 20 are left.
        """
        rows = np.array([_row(one) for one in pictures], dtype=np.float64)
        rows = rows.reshape(len(pictures), len(IMAGE_KEYS))
        rows = rows[np.isfinite(rows).all(1)]
        if len(rows) < _FEWEST:
            raise ValueError(f"{len(rows)} pictures are too few to compare with")
        self.size = len(rows)
        self._centre, self._spread = rows.mean(0), rows.std(0) + 1e-9
        self._low, self._high = np.percentile(rows, _RANGE, axis=0)
        scaled = (rows - self._centre) / self._spread
        self._precision, self._middle = _fitted(scaled)
        # Each against the others: a picture that helped to set the standard looks too near to it.
        self._own = np.sort(
            [_distance(row, *_fitted(np.delete(scaled, i, axis=0))) for i, row in enumerate(scaled)]
        )

    def compare(self, picture: Values) -> OutOfDistributionScore | None:
        """How unlike a picture is; None where one of its quantities cannot be measured."""
        row = _row(picture)
        if not np.isfinite(row).all():
            return None
        scaled = (row - self._centre) / self._spread
        distance = _distance(scaled, self._precision, self._middle)
        return OutOfDistributionScore(
            distance=distance,
            nearer=float(np.searchsorted(self._own, distance) / self.size),
            odd=self._odd(row),
        )

    def _odd(self, row: NDArray[np.float64]) -> tuple[UnusualQuantity, ...]:
        outside = np.maximum(self._low - row, row - self._high) / self._spread
        return tuple(
            UnusualQuantity(IMAGE_KEYS[i], float(row[i]), float(self._low[i]), float(self._high[i]))
            for i in np.argsort(-outside)
            if outside[i] > 0
        )


def _row(picture: Values) -> NDArray[np.float64]:
    return np.array([picture[key] for key in IMAGE_KEYS], dtype=np.float64)


def _fitted(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inverse covariance, shrunk (Ledoit and Wolf 2004): quantities outnumber what so few pictures
    could tell apart otherwise; and the centre."""
    found = LedoitWolf().fit(rows)
    return found.precision_, found.location_


def _distance(
    row: NDArray[np.float64], precision: NDArray[np.float64], middle: NDArray[np.float64]
) -> float:
    away = row - middle
    return float(np.sqrt(away @ precision @ away))


REFERENCE_FILE = ASSETS / "pages" / "phantoms.json"
_FORMAT = 1
_DIGITS = 6  # significant


def library_digest(folder: Path = LIBRARY) -> str:
    """SHA-256, in hex, of the library's manifest, which names the digest of every picture."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def measure_reference(source: CaseSource) -> list[Values]:
    """What every low-energy image measures, on all cores; what cannot be read is left out."""
    found = measure_source(source, measurable(source), (LOW_ENERGY,))
    return [
        {key: m.values[key] for key in IMAGE_KEYS}
        for one in found
        if isinstance(one, list)
        for m in one
    ]


def write_reference(path: Path, pictures: list[Values], digest: str) -> None:
    """Keep measurements of the library whose manifest has ``digest``."""
    rows = [[float(f"{one[key]:.{_DIGITS}g}") for key in IMAGE_KEYS] for one in pictures]
    whole = {
        "format": _FORMAT,
        "command": "python -m xai_core.study.out_of_distribution",
        "library": digest,
        "keys": IMAGE_KEYS,
        "pictures": rows,
    }
    text = json.dumps(whole, allow_nan=True)
    write_text(path, text.replace("], [", "],\n[") + "\n")


def read_reference(path: Path, digest: str) -> list[Values] | None:
    """Measurements kept of the library whose manifest has ``digest``; None where there are none."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        fits = (whole["format"], whole["library"], tuple(whole["keys"])) == (
            _FORMAT, digest, IMAGE_KEYS,
        )  # fmt: skip
        if not fits:
            return None
        return [dict(zip(IMAGE_KEYS, map(float, row), strict=True)) for row in whole["pictures"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reference_values() -> list[Values]:
    """What the built-in phantoms measure.

    Raises:
        CaseError: the library cannot be read.
    """
    source = PhantomLibrary()  # raises where there is no manifest
    return read_reference(REFERENCE_FILE, library_digest()) or measure_reference(source)


if __name__ == "__main__":
    write_reference(REFERENCE_FILE, measure_reference(PhantomLibrary()), library_digest())

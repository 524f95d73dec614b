"""How unlike a picture is to a set of others, by what its grey levels, texture and shape measure.

The distance is Mahalanobis': each quantity counts in the spread the reference has, and what goes
together there counts once.  It looks at nothing else, so it says "this is another kind of picture",
never "this picture is safe to judge".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from xai_core.study.realism.quantities import IMAGE_KEYS

_FEWEST = 20
_RANGE = (5, 95)  # percentiles between which a quantity counts as usual

Values = Mapping[str, float]
"""What :func:`xai_core.study.realism.measure.measure_square` gives."""


@dataclass(frozen=True)
class Odd:
    """A quantity outside the usual range: its key, its value, and the reference's 5 and 95 %
    percentiles."""

    key: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Unlikeness:
    """``distance``: Mahalanobis', in standard deviations.  ``nearer``: share of the reference, in
    [0, 1], that is nearer to the rest of it.  ``odd``: the quantities furthest outside first."""

    distance: float
    nearer: float
    odd: tuple[Odd, ...]


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

    def compare(self, picture: Values) -> Unlikeness | None:
        """How unlike a picture is; None where one of its quantities cannot be measured."""
        row = _row(picture)
        if not np.isfinite(row).all():
            return None
        scaled = (row - self._centre) / self._spread
        distance = _distance(scaled, self._precision, self._middle)
        return Unlikeness(
            distance=distance,
            nearer=float(np.searchsorted(self._own, distance) / self.size),
            odd=self._odd(row),
        )

    def _odd(self, row: NDArray[np.float64]) -> tuple[Odd, ...]:
        outside = np.maximum(self._low - row, row - self._high) / self._spread
        return tuple(
            Odd(IMAGE_KEYS[i], float(row[i]), float(self._low[i]), float(self._high[i]))
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

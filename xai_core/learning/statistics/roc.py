"""The area under one reader's ROC curve with its standard error, and the paired test of two areas.

DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
operating characteristic curves: a nonparametric approach", Biometrics 44:837, 1988.  These
intervals are of one reader on new cases; for a group of readers see
:mod:`~xai_core.learning.statistics.multireader`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from xai_core.errors import BadRequest
from xai_core.learning.statistics.pairs import (
    Covariance,
    both_classes,
    pair_covariance,
    rating_pairs,
)
from xai_core.statistics.auc import roc_auc
from xai_core.statistics.bootstrap import LEVEL, Floats


@dataclass(frozen=True)
class Area:
    """An area under the ROC curve: ``value`` in [0, 1] and its standard error ``error``."""

    value: float
    error: float

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Low and high of value +- z error, as most programs print it, cut to [0, 1].

        Of an area of 0.83 on 40 and 40 cases it covers 92.6 % in simulations, the logit one 95.4 %.

        Raises:
            BadRequest: the standard error is 0.
        """
        half = _quantile(level) * self._positive_error()
        return max(0.0, self.value - half), min(1.0, self.value + half)

    def logit_interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Low and high of the interval on the scale log(A / (1 - A)), which stays within [0, 1] and
        keeps its coverage near 1 (Pepe, "The statistical evaluation of medical tests for
        classification and prediction", 2003).

        Raises:
            BadRequest: the standard error is 0.
        """
        middle = logit(self.value)
        half = _quantile(level) * self._positive_error() / (self.value * (1 - self.value))
        return float(expit(middle - half)), float(expit(middle + half))

    def _positive_error(self) -> float:
        if self.error > 0 and 0 < self.value < 1:
            return self.error
        raise BadRequest(
            f"The area is {self.value:.3f} with a standard error of {self.error:.3f}: these "
            "ratings vary too little for an interval; rate more cases or use more steps of the "
            "scale."
        )


def area(diseased: ArrayLike, rating: ArrayLike, method: Covariance = Covariance.DELONG) -> Area:
    """The trapezoidal area of one reading with its standard error.

    Args:
        diseased: (K,), True for diseased cases, two or more of each class.
        rating: (K,), higher means more likely diseased; -inf where nothing was marked.
        method: of the variance; the unbiased one, where it is below 0, is taken as 0.

    Raises:
        BadRequest: fewer than two cases of a class, or a rating that is NaN or +inf.
    """
    variance = float(pair_covariance(_pairs(diseased, [rating]), method)[0, 0])
    return Area(_trapezoidal(diseased, rating), math.sqrt(max(variance, 0.0)))


@dataclass(frozen=True)
class PairedAreas:
    """Two areas of the same cases: ``difference`` is the first minus the second, ``low`` and
    ``high`` its interval, ``p`` two-sided, of no difference."""

    first: Area
    second: Area
    difference: float
    error: float
    low: float
    high: float
    z: float
    p: float


def paired_areas(
    diseased: ArrayLike, first: ArrayLike, second: ArrayLike, level: float = LEVEL
) -> PairedAreas:
    """DeLong's test of two readings of the same cases.

    Args:
        diseased: (K,), True for diseased cases, two or more of each class.
        first, second: (K,), the ratings, each on a scale of its own.
        level: the interval's coverage, in (0, 1).

    Raises:
        BadRequest: see :func:`area`; or both readings order the cases alike, so that the
            difference has no variance.
    """
    covariance = pair_covariance(_pairs(diseased, [first, second]), Covariance.DELONG)
    areas = tuple(
        Area(_trapezoidal(diseased, rating), math.sqrt(float(covariance[i, i])))
        for i, rating in enumerate((first, second))
    )
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # Differences of equal components are exactly 0, but their products are summed in another order.
    if variance <= 1e-15:
        raise BadRequest(
            "Both readings rank the cases in the same way, so their difference has no variance; "
            "there is nothing to test."
        )
    error = math.sqrt(variance)
    difference = areas[0].value - areas[1].value
    half = _quantile(level) * error
    z = difference / error
    p = 2 * float(stats.norm.sf(abs(z)))
    low, high = difference - half, difference + half
    return PairedAreas(areas[0], areas[1], difference, error, low, high, z, p)


def _pairs(diseased: ArrayLike, ratings: list[ArrayLike]) -> Floats:
    both_classes(diseased, each=2)
    return np.array([rating_pairs(diseased, rating) for rating in ratings])


def _trapezoidal(diseased: ArrayLike, rating: ArrayLike) -> float:
    # By rank, since an unmarked case has the rating -inf.
    _, rank = np.unique(np.asarray(rating, dtype=np.float64), return_inverse=True)
    return roc_auc(diseased, rank)


def _quantile(level: float) -> float:
    return float(stats.norm.isf((1 - level) / 2))

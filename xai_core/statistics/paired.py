"""Differences of two methods on the same images, by patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai_core.statistics.bootstrap import (
    LEVEL,
    MIN_PATIENTS,
    actual_tail,
    interval_of,
    mean_of,
    number_of,
    resampled,
)

REPLICATES = 10_000  # more than for an interval alone: the p-value is read from the far tail


@dataclass(frozen=True)
class PairedDifference:
    """The mean over images of a first minus a second measurement.

    ``low``, ``high``: its 95 % interval; ``p``: two-sided, of no difference.  The interval excludes
    0 where ``p`` is below 0.05, as both are read from the same resampled cohorts.  ``value`` is NaN
    without images, the others below ten patients.
    """

    value: float
    low: float
    high: float
    p: float
    images: int
    patients: int


def paired_difference(
    first: ArrayLike, second: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> PairedDifference:  # fmt: skip
    """The mean difference of two measurements of the same images.

    Patients are resampled with all their images, so that images of one patient are not taken as
    independent, and both measurements of an image together, so that what images differ in cancels
    (Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapters 13 and 15).

    Args:
        first, second: (n,), finite, of the same images in the same order.
        patients: (n,), the patient of each image.
        seed: the same seed gives the same interval.
        replicates: number of resampled cohorts.
        level: the interval's coverage, in (0, 1).
    """
    a, b = (np.asarray(values, dtype=np.float64) for values in (first, second))
    difference = a - b
    nan, count = float("nan"), number_of(patients)
    value = float(difference.mean()) if len(difference) else nan
    if count < MIN_PATIENTS:
        return PairedDifference(value, nan, nan, nan, len(difference), count)
    values = resampled(mean_of(difference), patients, seed, replicates)
    low, high = interval_of(values, count, level)
    beyond = min(int((values <= 0).sum()), int((values >= 0).sum()))
    # One more than was seen: a p-value of resampling is never 0.
    share = (beyond + 1) / (len(values) + 1)
    p = min(1.0, 2 * actual_tail(min(share, 0.5), count))
    return PairedDifference(value, low, high, p, len(difference), count)

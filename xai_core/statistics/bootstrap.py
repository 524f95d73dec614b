"""Bootstrap intervals by patient.

Patients are resampled, not images: the views of one patient resemble each other, and resampling
images would give too narrow an interval (Rutter, "Bootstrap estimation of diagnostic
accuracy with patient-clustered data", Academic Radiology 7:413, 2000).

Intervals are expanded percentile intervals (Hesterberg, "What teachers should know about the
bootstrap", The American Statistician 69:371, 2015): percentiles further out than the nominal ones,
because resampled cohorts of n patients vary less than new ones, by (n - 1) / n, and few patients
need Student's t.  For many patients they are the plain percentiles.  Below :data:`MIN_PATIENTS`
patients there is no interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Maps the number of times each image was drawn, (r, n), to (r,); NaN where it is not defined."""

REPLICATES = 2000
LEVEL = 0.95
MIN_PATIENTS = 10
_ROWS = 100  # replicates at a time: a cohort of 2000 images stays below 2 MB


def mean_interval(
    values: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The bootstrap interval of the mean of ``values`` (n,), by patient.

    Returns:
        Low and high; NaN where ``values`` are of fewer than :data:`MIN_PATIENTS` patients.
    """
    x = np.asarray(values, dtype=np.float64)
    return percentile_interval(mean_of(x), patients, seed, replicates, level)


def mean_of(values: Floats) -> Statistic:
    """The mean of ``values`` (n,) as a statistic of resampled cohorts."""
    return lambda weights: np.asarray(weights @ values / weights.sum(1))


def percentile_interval(
    statistic: Statistic, patients: ArrayLike, seed: int, replicates: int, level: float
) -> tuple[float, float]:
    """The expanded percentile interval of ``statistic`` over cohorts of resampled patients.

    Args:
        statistic: see :data:`Statistic`.
        patients: (n,), the patient of each image.
        seed: the same seed gives the same interval.
        replicates: number of resampled cohorts; those where ``statistic`` is NaN are left out.
        level: the interval's coverage, in (0, 1).

    Returns:
        Low and high; NaN where there are fewer than :data:`MIN_PATIENTS` patients or no replicate
        has a value.
    """
    count = number_of(patients)
    if count < MIN_PATIENTS:
        return float("nan"), float("nan")
    return interval_of(resampled(statistic, patients, seed, replicates), count, level)


def number_of(patients: ArrayLike) -> int:
    """The number of different patients."""
    return len(np.unique(np.asarray(patients)))


def resampled(statistic: Statistic, patients: ArrayLike, seed: int, replicates: int) -> Floats:
    """``statistic`` of each resampled cohort, (r,), without those where it is NaN.

    Args:
        statistic, patients, seed, replicates: see :func:`percentile_interval`; at least one image.
    """
    _, patient = np.unique(np.asarray(patients), return_inverse=True)
    n = int(patient.max()) + 1
    rng = np.random.default_rng(seed)
    found: list[Floats] = []
    for start in range(0, replicates, _ROWS):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=min(_ROWS, replicates - start))
        found.append(statistic(drawn[:, patient].astype(np.float64)))
    values = np.concatenate(found)
    return np.asarray(values[np.isfinite(values)])


def interval_of(values: Floats, patients: int, level: float) -> tuple[float, float]:
    """The expanded percentile interval of resampled ``values`` (r,); NaN where there are none.

    Args:
        patients: the number of patients that were resampled, at least 2.
    """
    if not len(values):
        return float("nan"), float("nan")
    tail = 100 * nominal_tail((1 - level) / 2, patients)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def nominal_tail(tail: float, patients: int) -> float:
    """The share of resampled values that an expanded interval with the error ``tail`` at one end
    leaves out there: Hesterberg 2015, Phi(-sqrt(n / (n - 1)) t), t with n - 1 degrees of freedom.
    """
    t = stats.t.isf(tail, patients - 1)
    return float(stats.norm.sf(np.sqrt(patients / (patients - 1)) * t))


def actual_tail(share: float, patients: int) -> float:
    """The inverse of :func:`nominal_tail`: the error at one end of the expanded interval that
    leaves out ``share`` of the resampled values there."""
    z = stats.norm.isf(share)
    return float(stats.t.sf(z * np.sqrt((patients - 1) / patients), patients - 1))

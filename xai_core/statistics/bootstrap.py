"""Bootstrap intervals by patient.

Patients are resampled, not images: the views of one patient resemble each other, and resampling
images would give too narrow an interval (Rutter, "Bootstrap estimation of diagnostic
accuracy with patient-clustered data", Academic Radiology 7:413, 2000).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
REPLICATES = 2000
LEVEL = 0.95
_ROWS = 100  # replicates at a time: a cohort of 2000 images stays below 2 MB


def mean_interval(
    values: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The percentile bootstrap interval of the mean of ``values`` (n,), by patient.

    Returns:
        Low and high; NaN where ``values`` is empty.
    """
    x = np.asarray(values, dtype=np.float64)
    if not len(x):
        return float("nan"), float("nan")

    def means(weights: Floats) -> Floats:
        return np.asarray(weights @ x / weights.sum(1))

    return percentile_interval(means, patients, seed, replicates, level)


def percentile_interval(
    statistic: Callable[[Floats], Floats], patients: ArrayLike, seed: int, replicates: int,
    level: float,
) -> tuple[float, float]:  # fmt: skip
    """Percentiles of ``statistic`` over cohorts of resampled patients.

    Args:
        statistic: maps the number of times each image was drawn, (r, n), to (r,); NaN where it is
            not defined.
        patients: (n,), the patient of each image; n at least 1.
        seed: the same seed gives the same interval.
        replicates: number of resampled cohorts; those where ``statistic`` is NaN are left out.
        level: the interval's coverage, in (0, 1).

    Returns:
        Low and high; NaN where no replicate has a value.
    """
    _, patient = np.unique(np.asarray(patients), return_inverse=True)
    n = int(patient.max()) + 1
    rng = np.random.default_rng(seed)
    found: list[Floats] = []
    for start in range(0, replicates, _ROWS):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=min(_ROWS, replicates - start))
        found.append(statistic(drawn[:, patient].astype(np.float64)))
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)

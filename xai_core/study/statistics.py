"""The figures of a cohort and how sure they are; pure functions of arrays.

Intervals come from a bootstrap over patients, not images: the views of one patient resemble each
other, and resampling them one by one would promise too narrow an interval (Rutter, "Bootstrap
estimation of diagnostic accuracy with patient-clustered data", Academic Radiology 7:413, 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from xai_core.types import Outcome

Floats = NDArray[np.float64]
REPLICATES = 2000
LEVEL = 0.95
_ROWS = 100  # replicates at a time: a cohort of 2000 images stays below 2 MB


def roc_auc(label: ArrayLike, score: ArrayLike) -> float:
    """The area under the ROC curve: P(score of a positive > score of a negative), ties count half.

    Args:
        label: (n,), True for positives.
        score: (n,), higher means more positive.

    Returns:
        A value in [0, 1]; NaN where one of the classes is missing.
    """
    positive = np.asarray(label, dtype=bool)
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    # Mann and Whitney 1947: the rank sum of the positives, mid-ranks for ties.
    total = rankdata(np.asarray(score, dtype=np.float64))[positive].sum()
    return float((total - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def auc_interval(
    label: ArrayLike, score: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The percentile bootstrap interval of :func:`roc_auc`, by patient.

    Args:
        label, score: see :func:`roc_auc`.
        patients: (n,), whose image each is.
        seed: the same seed gives the same interval.
        replicates: resampled cohorts; those with one class only are left out.
        level: the interval's coverage, in (0, 1).

    Returns:
        Low and high; NaN where the area is.
    """
    positive = np.asarray(label, dtype=bool)
    _, group = np.unique(np.asarray(score, dtype=np.float64), return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))

    def areas(weights: Floats) -> Floats:
        by_score = weights[:, order]
        hits = np.add.reduceat(by_score * positive[order], starts, axis=1)
        misses = np.add.reduceat(by_score * ~positive[order], starts, axis=1)
        below = np.cumsum(misses, axis=1) - misses / 2
        with np.errstate(invalid="ignore"):
            return np.asarray((hits * below).sum(1) / (hits.sum(1) * misses.sum(1)))

    if not len(positive):
        return float("nan"), float("nan")
    return _interval(areas, patients, seed, replicates, level)


def mean_interval(
    values: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The percentile bootstrap interval of the mean of ``values`` (n,), by patient.

    Returns:
        Low and high; NaN where there is no value.
    """
    x = np.asarray(values, dtype=np.float64)
    if not len(x):
        return float("nan"), float("nan")

    def means(weights: Floats) -> Floats:
        return np.asarray(weights @ x / weights.sum(1))

    return _interval(means, patients, seed, replicates, level)


def _interval(
    statistic: Callable[[Floats], Floats], patients: ArrayLike, seed: int, replicates: int,
    level: float,
) -> tuple[float, float]:  # fmt: skip
    """Percentiles of ``statistic`` over cohorts of resampled patients.

    ``statistic`` gets how often each image was drawn, (r, n), and answers (r,), NaN where it is
    not defined.
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


@dataclass(frozen=True)
class Confusion:
    """How many images of each outcome; malignant is the positive class.

    The three ratios are NaN where nothing is in their denominator.
    """

    tp: int
    tn: int
    fp: int
    fn: int

    @classmethod
    def of(cls, outcomes: Sequence[Any]) -> Confusion:
        """Count outcomes ("TP", "TN", "FP", "FN"); others, such as None, are not counted."""
        counts = dict.fromkeys(Outcome, 0)
        for outcome in outcomes:
            if outcome in counts:
                counts[Outcome(outcome)] += 1
        return cls(counts[Outcome.TP], counts[Outcome.TN], counts[Outcome.FP], counts[Outcome.FN])

    @property
    def images(self) -> int:
        """All images counted."""
        return self.tp + self.tn + self.fp + self.fn

    @property
    def sensitivity(self) -> float:
        """TP of all malignant images."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """TN of all normal and benign images."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def precision(self) -> float:
        """TP of all images called malignant."""
        return _ratio(self.tp, self.tp + self.fp)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")

"""The areas under the ROC curve, with a bootstrap interval by patient, and under the
precision-recall curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from xai_core.statistics.bootstrap import (
    LEVEL,
    MIN_PATIENTS,
    REPLICATES,
    Floats,
    number_of,
    percentile_interval,
)


def roc_auc(label: ArrayLike, score: ArrayLike) -> float:
    """The area under the ROC curve: P(score of a positive > score of a negative), ties count 1/2.

    Args:
        label: (n,), True for positives.
        score: (n,), finite; higher means more positive.

    Returns:
        A value in [0, 1]; NaN where one of the classes is missing.

    Raises:
        ValueError: a score is not finite.
    """
    positive = np.asarray(label, dtype=bool)
    if positive.all() or not positive.any():  # scikit-learn would warn
        return float("nan")
    return float(roc_auc_score(positive, np.asarray(score, dtype=np.float64)))


def column_aucs(negative: ArrayLike, positive: ArrayLike) -> Floats:
    """:func:`roc_auc` of every column at once, by ranks (Mann and Whitney 1947).

    Args:
        negative: (n, ...), at least one row, finite.
        positive: (m, ...), at least one row, finite.

    Returns:
        (...), in [0, 1].
    """
    low, high = np.asarray(negative, np.float64), np.asarray(positive, np.float64)
    ranks = stats.rankdata(np.concatenate([low, high]), axis=0)[len(low) :]
    least = len(high) * (len(high) + 1) / 2  # where every positive is below every negative
    return np.asarray((ranks.sum(0) - least) / (len(low) * len(high)))


def average_precision(label: ArrayLike, score: ArrayLike) -> float:
    """The area under the precision-recall curve: the sum over thresholds of the precision times the
    increase in recall, without interpolation (scikit-learn's definition).

    Args:
        label: (n,), True for positives.
        score: (n,), finite; higher means more positive.

    Returns:
        A value in [0, 1]; NaN where no label is positive.
    """
    positive = np.asarray(label, dtype=bool)
    if not positive.any():
        return float("nan")
    return float(average_precision_score(positive, np.asarray(score, dtype=np.float64)))


def auc_interval(
    label: ArrayLike, score: ArrayLike, patients: ArrayLike, *, seed: int,
    replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The bootstrap interval of :func:`roc_auc`, by patient.

    Args:
        label, score: see :func:`roc_auc`.
        patients: (n,), the patient of each image.
        seed: the same seed gives the same interval.
        replicates: number of resampled cohorts; those with one class only are left out.
        level: the interval's coverage, in (0, 1).

    Returns:
        Low and high; NaN where one of the classes has fewer than
        :data:`~xai_core.statistics.bootstrap.MIN_PATIENTS` patients.
    """
    positive = np.asarray(label, dtype=bool)
    who = np.asarray(patients)
    if min(number_of(who[positive]), number_of(who[~positive])) < MIN_PATIENTS:
        return float("nan"), float("nan")
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

    return percentile_interval(areas, patients, seed, replicates, level)

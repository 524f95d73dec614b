"""Calibration: whether, for example, seven in ten cases with P(malignant) = 0.7 are malignant.

After Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599.  They bin
the confidence in the predicted class and compare it with the accuracy.  Here P(malignant) is binned
and compared with the fraction of malignant cases: for two classes this is equivalent, covers every
probability, and does not depend on a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai_core.statistics.bootstrap import LEVEL, REPLICATES, Floats, percentile_interval

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Cases with P(malignant) from ``low`` to below ``high`` (the last bin includes 1).

    ``predicted``: their mean P(malignant).  ``observed``: the fraction that is malignant.  Both
    NaN where ``n`` is 0.
    """

    low: float
    high: float
    n: int
    predicted: float
    observed: float


def calibration(label: ArrayLike, probability: ArrayLike, bins: int = BINS) -> tuple[Bin, ...]:
    """The calibration curve in bins of equal width.

    Args:
        label: (n,), True for malignant.
        probability: (n,), P(malignant) in [0, 1].
        bins: at least 1.
    """
    positive = np.asarray(label, dtype=bool)
    p = np.asarray(probability, dtype=np.float64)
    edges, which = np.arange(bins + 1) / bins, bin_of(p, bins)
    out = []
    for number in range(bins):
        here = which == number
        n = int(here.sum())
        means = (float(p[here].mean()), float(positive[here].mean())) if n else (np.nan, np.nan)
        out.append(Bin(float(edges[number]), float(edges[number + 1]), n, *means))
    return tuple(out)


def bin_of(p: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """The number of the bin of each probability (n,), from 0: (n,)."""
    # Compare with the bin edges: int(p * bins) would be wrong where the product is rounded down.
    edges = np.arange(bins + 1) / bins
    return np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)


def calibration_error(curve: Sequence[Bin]) -> float:
    """Expected calibration error (ECE): sum over bins of n_b / n * abs(observed_b - predicted_b).

    In [0, 1]; NaN where there are no cases.  Guo et al. 2017, equation 3, applied to P(malignant),
    see the head of this file.
    """
    total = sum(b.n for b in curve)
    if not total:
        return float("nan")
    return sum(b.n * abs(b.observed - b.predicted) for b in curve if b.n) / total


def calibration_error_interval(
    label: ArrayLike, probability: ArrayLike, patients: ArrayLike, *, seed: int,
    bins: int = BINS, replicates: int = REPLICATES, level: float = LEVEL,
) -> tuple[float, float]:  # fmt: skip
    """The bootstrap interval of :func:`calibration_error`, by patient.

    A resampled cohort adds chance to the distances in the bins, and distances have no sign: the
    interval leans upwards.  Read it beside :func:`calibration_error_by_chance`.

    Args:
        label, probability, bins: see :func:`calibration`.
        patients, seed, replicates, level: see
            :func:`~xai_core.statistics.bootstrap.percentile_interval`.

    Returns:
        Low and high; NaN below :data:`~xai_core.statistics.bootstrap.MIN_PATIENTS` patients.
    """
    p = np.asarray(probability, dtype=np.float64)
    excess = np.asarray(label, dtype=np.float64) - p
    member = bin_of(p, bins)[:, None] == np.arange(bins)

    def errors(weights: Floats) -> Floats:
        # n_b * (observed_b - predicted_b) is the sum of label - p over the bin.
        return np.asarray(np.abs((weights * excess) @ member).sum(1) / weights.sum(1))

    return percentile_interval(errors, patients, seed, replicates, level)


@dataclass(frozen=True)
class ChanceError:
    """The calibration error that chance gives a perfectly calibrated model: its ``mean``, and the
    value that 95 of 100 such models stay at or below (``high``).  NaN where there are no cases."""

    mean: float
    high: float


def calibration_error_by_chance(
    probability: ArrayLike, *, seed: int, bins: int = BINS, replicates: int = REPLICATES
) -> ChanceError:
    """The error that a perfect model with these probabilities would have on so many cases.

    Even then the fraction in a bin is not the mean probability in it.  Labels are drawn from the
    probabilities themselves, each case on its own (Broecker and Smith, "Increasing the reliability
    of reliability diagrams", Weather and Forecasting 22:651, 2007).

    Args:
        probability, bins: see :func:`calibration`.
        seed: the same seed gives the same values.
        replicates: number of drawn sets of labels.
    """
    p = np.asarray(probability, dtype=np.float64)
    if not len(p):
        return ChanceError(float("nan"), float("nan"))
    member = (bin_of(p, bins)[:, None] == np.arange(bins)).astype(np.float64)
    rng = np.random.default_rng(seed)
    errors = np.array(
        [np.abs(((rng.random(len(p)) < p) - p) @ member).sum() for _ in range(replicates)]
    )
    return ChanceError(float(errors.mean() / len(p)), float(np.quantile(errors, 0.95) / len(p)))

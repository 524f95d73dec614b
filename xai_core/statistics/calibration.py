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
from numpy.typing import ArrayLike

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
    # Compare with the bin edges: int(p * bins) would be wrong where the product is rounded down.
    edges = np.arange(bins + 1) / bins
    which = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    out = []
    for number in range(bins):
        here = which == number
        n = int(here.sum())
        means = (float(p[here].mean()), float(positive[here].mean())) if n else (np.nan, np.nan)
        out.append(Bin(float(edges[number]), float(edges[number + 1]), n, *means))
    return tuple(out)


def calibration_error(curve: Sequence[Bin]) -> float:
    """Expected calibration error (ECE): sum over bins of n_b / n * abs(observed_b - predicted_b).

    In [0, 1]; NaN where there are no cases.  Guo et al. 2017, equation 3, applied to P(malignant),
    see the head of this file.
    """
    total = sum(b.n for b in curve)
    if not total:
        return float("nan")
    return sum(b.n * abs(b.observed - b.predicted) for b in curve if b.n) / total

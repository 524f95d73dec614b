"""Do the probabilities hold: of the cases given 0.7, are seven in ten malignant?

After Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599.  They bin
the confidence in the predicted class and compare it with the accuracy; here P(malignant) is binned
and compared with the fraction of malignant cases, which for two classes is the same question asked
of one class at every probability, and does not depend on a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Cases with P(malignant) from ``low`` to below ``high`` (the last bin holds 1 too).

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
    # Against the limits themselves: 0.3 * 10 is rounded below 3, and 0.3 belongs to the bin of 0.3.
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

    In [0, 1]; NaN where there is no case.  Guo et al. 2017, equation 3, of P(malignant): see the
    head of this file.
    """
    total = sum(b.n for b in curve)
    if not total:
        return float("nan")
    return sum(b.n * abs(b.observed - b.predicted) for b in curve if b.n) / total

"""Proportions with their confidence intervals by patient, and the confusion matrix of two classes.

The interval is Wilson's ("Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22:209, 1927): it stays within [0, 1] and is
meaningful for 0 of n and n of n.  It takes images as independent, and the views of one patient are
not: on 133 images of 70 patients simulations cover 77 to 88 %, not 95.  So where a patient has
several images the number of images is replaced by the effective one: divided by the design effect
(Rao and Scott, "A simple method for the analysis of clustered binary data", Biometrics 48:577,
1992), and reduced for the few patients that the design effect is estimated from (Korn and Graubard,
"Confidence intervals for proportions with small expected number of positive counts estimated from
survey data", Survey Methodology 24:193, 1998).  Wilson's interval with it is among those that keep
their coverage (Dean and Pagano, "Evaluating confidence interval methods for binomial proportions in
clustered surveys", Journal of Survey Statistics and Methodology 3:484, 2015).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from xai_core.statistics.bootstrap import LEVEL, MIN_PATIENTS
from xai_core.types import Outcome


def wilson(part: float, whole: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's interval of ``part`` of ``whole`` independent images; neither need be an integer.

    Args:
        part: from 0 to ``whole``.
        whole: above 0.
        level: the interval's coverage, in (0, 1).
    """
    z2 = stats.norm.isf((1 - level) / 2) ** 2
    centre = (part + z2 / 2) / (whole + z2)
    half = math.sqrt(z2 * (part * (whole - part) / whole + z2 / 4)) / (whole + z2)
    low = 0.0 if part == 0 else centre - half
    return float(low), float(1.0 if part == whole else centre + half)


def design_effect(parts: ArrayLike, wholes: ArrayLike) -> float:
    """By how much the images of one patient raise the variance of a proportion.

    Rao and Scott 1992: the variance of the ratio sum(parts) / sum(wholes) over patients, divided by
    the variance of as many independent images.

    Args:
        parts: (m,), the images of each patient that count.
        wholes: (m,), all images of each patient, at least 1.

    Returns:
        Above 1 where images of a patient are alike.  Where the proportion is 0 or 1 the images do
        not tell; then that of images that are all alike, sum(n^2) / sum(n).  NaN for one patient.
    """
    x, n = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    m, total = len(n), n.sum()
    if m < 2:
        return float("nan")
    p = x.sum() / total
    if p in (0, 1):
        return float((n**2).sum() / total)
    variance = m / (m - 1) * ((x - n * p) ** 2).sum() / total**2
    return float(variance / (p * (1 - p) / total))


@dataclass(frozen=True)
class Proportion:
    """``part`` of ``whole`` images, of ``patients``.

    ``effective``: the number of independent images that would tell as much; NaN below
    :data:`~xai_core.statistics.bootstrap.MIN_PATIENTS` patients.
    """

    part: int
    whole: int
    patients: int
    effective: float

    @classmethod
    def of(cls, values: Iterable[bool], patients: Iterable[str]) -> Proportion:
        """The proportion of true ``values``; ``patients``: the patient of each image."""
        known = np.array(list(values), dtype=bool)
        names, patient = np.unique(np.array(list(patients), dtype=str), return_inverse=True)
        wholes = np.bincount(patient)
        parts = np.bincount(patient, weights=known)
        return cls(int(known.sum()), len(known), len(names), _effective(parts, wholes))

    @property
    def value(self) -> float:
        """In [0, 1]; NaN where ``whole`` is 0."""
        return self.part / self.whole if self.whole else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high of the 95 % interval by patient; NaN where ``effective`` is."""
        if math.isnan(self.effective):
            return float("nan"), float("nan")
        if self.part == self.whole:  # exactly 1, which value * effective / effective may miss
            return wilson(self.effective, self.effective)
        return wilson(self.value * self.effective, self.effective)

    @property
    def count(self) -> str:
        """``12 / 30``."""
        return f"{self.part} / {self.whole}"

    @property
    def percent(self) -> str:
        """``40.0 % (24.6 to 57.7)``; ``40.0 % (-)`` without an interval, "-" without images."""
        if not self.whole:
            return "-"
        low, high = self.interval
        ends = "-" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f}"
        return f"{100 * self.value:.1f} % ({ends})"


def _effective(parts: ArrayLike, wholes: ArrayLike) -> float:
    """The effective number of images; at most their number, and equal to it where every patient has
    one image."""
    n = np.asarray(wholes)
    if len(n) < MIN_PATIENTS:
        return float("nan")
    if n.max() == 1:
        return float(n.sum())
    few = stats.norm.isf((1 - LEVEL) / 2) / stats.t.isf((1 - LEVEL) / 2, len(n) - 1)
    return float(n.sum() / max(1.0, design_effect(parts, n)) * few**2)


@dataclass(frozen=True)
class Confusion:
    """The number of images per outcome; malignant is the positive class.

    The three ratios are NaN where their denominator is 0.
    """

    tp: int
    tn: int
    fp: int
    fn: int

    @classmethod
    def of(cls, outcomes: Sequence[Any]) -> Confusion:
        """Count outcomes ("TP", "TN", "FP", "FN"); other values, such as None, are ignored."""
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
        """TP / (TP + FN): of the malignant images, the share called malignant."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """TN / (TN + FP): of the normal and benign images, the share not called malignant."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def precision(self) -> float:
        """TP / (TP + FP): of the images called malignant, the share that is."""
        return _ratio(self.tp, self.tp + self.fp)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")

"""Proportions with their confidence intervals, and the confusion matrix of two classes.

The interval is Wilson's ("Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22:209, 1927): it stays within [0, 1] and is
meaningful for 0 of n and n of n.  It assumes independent images; the views of one patient resemble
each other, so it is somewhat too narrow where patients have several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest

from xai_core.types import Outcome

LEVEL = 0.95


@dataclass(frozen=True)
class Proportion:
    """``part`` of ``whole``."""

    part: int
    whole: int

    @classmethod
    def of(cls, values: Iterable[bool]) -> Proportion:
        """The proportion of true ``values``."""
        known = list(values)
        return cls(sum(known), len(known))

    @property
    def value(self) -> float:
        """In [0, 1]; NaN where ``whole`` is 0."""
        return self.part / self.whole if self.whole else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high of Wilson's 95 % interval; NaN where ``whole`` is 0."""
        if not self.whole:
            return float("nan"), float("nan")
        found = binomtest(self.part, self.whole).proportion_ci(LEVEL, method="wilson")
        return float(found.low), float(found.high)

    @property
    def count(self) -> str:
        """``12 / 30``."""
        return f"{self.part} / {self.whole}"

    @property
    def percent(self) -> str:
        """``40.0 % (24.6 to 57.7)``; "-" where ``whole`` is 0."""
        if not self.whole:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


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

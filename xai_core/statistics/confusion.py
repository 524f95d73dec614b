"""The confusion matrix of two classes, and the ratios read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xai_core.types import Outcome


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

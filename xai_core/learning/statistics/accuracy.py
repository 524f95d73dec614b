"""Sensitivity and specificity of a reader, side by side.

Both, because training can raise one at the cost of the other, which a share of right answers hides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai_core.errors import BadRequest
from xai_core.learning.statistics.pairs import both_classes, checked_calls
from xai_core.statistics.bootstrap import LEVEL
from xai_core.statistics.proportion import Proportion, wilson


@dataclass(frozen=True)
class Rate:
    """``part`` of ``whole`` cases, each of another patient; ``whole`` is at least 1."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """In [0, 1]."""
        return self.part / self.whole

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Low and high of :func:`~xai_core.statistics.proportion.wilson`."""
        return wilson(self.part, self.whole, level)


@dataclass(frozen=True)
class Accuracy:
    """The shares of diseased cases called diseased, and of normal ones called normal."""

    sensitivity: Rate
    specificity: Rate


def accuracy(diseased: ArrayLike, called: ArrayLike) -> Accuracy:
    """Sensitivity and specificity on independent cases, with Wilson's intervals.

    Args:
        diseased: (K,), True for diseased cases.
        called: (K,), what the reader called diseased: ``rating >= threshold``.

    Raises:
        BadRequest: a class has no case, or the lengths differ.
    """
    truth = both_classes(diseased)
    calls = checked_calls(called, len(truth))
    positive = int(truth.sum())
    return Accuracy(
        Rate(int((truth & calls).sum()), positive),
        Rate(int((~truth & ~calls).sum()), len(truth) - positive),
    )


def accuracy_by_patient(
    diseased: ArrayLike, called: ArrayLike, patients: ArrayLike
) -> tuple[Proportion, Proportion]:
    """Sensitivity and specificity where a patient has several images, which are not independent.

    Args:
        diseased, called: see :func:`accuracy`.
        patients: (K,), the patient of each image.

    Returns:
        Both as :class:`~xai_core.statistics.proportion.Proportion`: no interval below ten patients.

    Raises:
        BadRequest: a class has no case, or the lengths differ.
    """
    truth, who = both_classes(diseased), np.asarray(patients, dtype=str)
    calls = checked_calls(called, len(truth))
    if who.shape != truth.shape:
        raise BadRequest(
            f"There are {who.size} patients of {len(truth)} images; name one for each image."
        )
    return Proportion.of(calls[truth], who[truth]), Proportion.of(~calls[~truth], who[~truth])

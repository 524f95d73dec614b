"""Marks with ratings, as of the free-response (FROC) paradigm, and their figures of merit.

A reader marks any number of places and rates each.  A mark on a lesion is a true positive, every
other one a false positive; which is which is decided before, where the marks and the lesions'
outlines are.  A lesion without a mark has the rating -inf, below every rating, and so has a case
without marks.  Chakraborty and Berbaum, "Observer studies involving detection and localization:
modeling, analysis, and validation", Medical Physics 31:2313, 2004 (JAFROC); Chakraborty and Zhai,
"On the meaning of the weighted alternative free-response operating characteristic figure of merit",
Medical Physics 43:2548, 2016 (wAFROC).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai_core.errors import BadRequest
from xai_core.learning.statistics.pairs import both_classes, compared
from xai_core.statistics.auc import roc_auc
from xai_core.statistics.bootstrap import Floats

UNMARKED = -math.inf
"""The rating of a lesion, or of a case, without a mark."""


@dataclass(frozen=True)
class CaseMarks:
    """What one reader marked in one case.

    ``lesions``: the rating of each lesion, :data:`UNMARKED` where it was missed; empty for a normal
    case.  ``false_positives``: the ratings of all other marks.  ``weights``: how much finding each
    lesion counts, above 0 and 1 together; empty for equal weights.

    Raises:
        BadRequest: a rating is NaN or infinite (but for an unmarked lesion), or the weights are not
            as above.
    """

    lesions: tuple[float, ...] = ()
    false_positives: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        rated = [*(x for x in self.lesions if x != UNMARKED), *self.false_positives]
        if not all(math.isfinite(x) for x in rated):
            raise BadRequest("The rating of a mark is not a finite number; rate or drop it.")
        if not self.weights:
            return
        if len(self.weights) != len(self.lesions):
            raise BadRequest(
                f"There are {len(self.weights)} weights of {len(self.lesions)} lesions; give one "
                "for each lesion, or none."
            )
        if min(self.weights) <= 0 or not math.isclose(sum(self.weights), 1, abs_tol=1e-9):
            raise BadRequest(
                f"The lesions' weights are {self.weights}; they must be above 0 and sum to 1."
            )

    @classmethod
    def of(
        cls,
        lesions: int,
        marks: Iterable[tuple[int | None, float]],
        weights: tuple[float, ...] = (),
    ) -> CaseMarks:
        """The marks of a case with so many lesions.

        Args:
            lesions: how many there are, 0 for a normal case.
            marks: for each mark the index of the lesion it is on, None where on none, and its
                rating.  Of several marks on one lesion the highest rating counts.
            weights: see :class:`CaseMarks`.

        Raises:
            BadRequest: a mark is on a lesion that there is not, or see :class:`CaseMarks`.
        """
        rated, others = [UNMARKED] * lesions, []
        for lesion, rating in marks:
            if lesion is None:
                others.append(rating)
            elif not 0 <= lesion < lesions:
                raise BadRequest(
                    f"A mark is on lesion {lesion}, and the case has {lesions}; count from 0."
                )
            elif math.isnan(rating) or rating == UNMARKED:
                raise BadRequest("A mark has no rating; rate the mark or drop it.")
            else:
                rated[lesion] = max(rated[lesion], rating)
        return cls(tuple(rated), tuple(others), weights)

    @property
    def diseased(self) -> bool:
        """Whether there is a lesion."""
        return bool(self.lesions)

    @property
    def highest_false_positive(self) -> float:
        """:data:`UNMARKED` where there is none."""
        return max(self.false_positives, default=UNMARKED)

    @property
    def highest(self) -> float:
        """The highest rating of all marks, the case's inferred ROC rating; :data:`UNMARKED` where
        there is none."""
        return max((*self.lesions, *self.false_positives), default=UNMARKED)

    @property
    def lesion_weights(self) -> tuple[float, ...]:
        """How much finding each lesion counts; 1 together."""
        return self.weights or (1 / len(self.lesions),) * len(self.lesions)


def highest_ratings(marks: Sequence[CaseMarks]) -> tuple[NDArray[np.bool_], Floats]:
    """The truth of each case and its inferred ROC rating, for what takes ratings of cases.

    Returns:
        Two arrays (K,): whether it is diseased, and :attr:`CaseMarks.highest`.
    """
    truth = np.array([case.diseased for case in marks], dtype=bool)
    return truth, np.array([case.highest for case in marks], dtype=np.float64)


def highest_rating_auc(marks: Sequence[CaseMarks]) -> float:
    """The trapezoidal area under the inferred ROC curve, where a case has the highest rating of its
    marks; in [0, 1].  A right answer for a wrong place counts here, and not in :func:`wafroc`.

    Raises:
        BadRequest: no case has a lesion, or all have.
    """
    truth, rating = highest_ratings(marks)
    both_classes(truth)
    _, rank = np.unique(rating, return_inverse=True)  # an unmarked case is -inf
    return roc_auc(truth, rank)


def wafroc_pairs(marks: Sequence[CaseMarks]) -> Floats:
    """What the pairs of a diseased and a normal case score for :func:`wafroc`.

    Returns:
        (m, n): the sum over the lesions of the diseased case of their weights, times 1 where the
        lesion is rated above the highest false positive of the normal case, 1/2 where equal.

    Raises:
        BadRequest: no case has a lesion, or all have.
    """
    truth = both_classes([case.diseased for case in marks])
    normal = np.array([case.highest_false_positive for case in marks])[~truth]
    return np.array(
        [
            np.asarray(case.lesion_weights) @ compared(np.asarray(case.lesions), normal)
            for case in marks
            if case.diseased
        ]
    )


def wafroc(marks: Sequence[CaseMarks], *, all_cases: bool = False) -> float:
    """The area under the wAFROC curve: P(a lesion is rated above the highest false positive of a
    normal case), ties count 1/2, lesions by their weights, so that each diseased case counts the
    same (Chakraborty and Zhai 2016).  Pseudovalues and variances: by :func:`wafroc_pairs`.

    Args:
        marks: of all cases.
        all_cases: compare with the highest false positive of every case, diseased ones too
            (wAFROC1), for studies with few normal cases; a case counts against its own lesions.

    Returns:
        A value in [0, 1]; 1/2 where nothing is marked.

    Raises:
        BadRequest: no case has a lesion, or all have and ``all_cases`` is False.
    """
    return _mean_over_lesions(marks, all_cases, by_case=True)


def afroc(marks: Sequence[CaseMarks], *, all_cases: bool = False) -> float:
    """JAFROC's theta, the area under the AFROC curve: as :func:`wafroc` with each lesion counting
    the same, so that a case with many lesions counts more (Chakraborty and Berbaum 2004); given
    weights are not used.

    Args, Returns, Raises: see :func:`wafroc`; ``all_cases`` is JAFROC1.
    """
    return _mean_over_lesions(marks, all_cases, by_case=False)


def _mean_over_lesions(marks: Sequence[CaseMarks], all_cases: bool, by_case: bool) -> float:
    truth = np.array([case.diseased for case in marks], dtype=bool)
    if not truth.any():
        raise BadRequest("No case has a lesion; there is nothing to find.")
    if not all_cases:
        both_classes(truth)
    highest = np.array([case.highest_false_positive for case in marks])
    others = highest if all_cases else highest[~truth]
    diseased = [case for case in marks if case.diseased]
    rating = np.concatenate([case.lesions for case in diseased])
    weight = np.concatenate([case.lesion_weights for case in diseased])
    found = compared(rating, others).mean(1)
    return float(np.average(found, weights=weight if by_case else None))

"""Whether a reader takes advice where it is right, and only there.

A reader answers, sees what an AI says, and answers again.  Where the reader was right and the AI
wrong, keeping the answer is right and changing it is over-reliance; where the reader was wrong and
the AI right, changing is right and keeping is under-reliance.  Schemmer, Kuehl, Benz, Bartos and
Satzger, "Appropriate reliance on AI advice: conceptualization and the effect of explanations",
Intelligent User Interfaces 2023, arXiv:2302.02187: their relative self-reliance is 1 - the first,
their relative AI reliance 1 - the second.  Where both are right or both wrong, answers do not tell
(of two classes), and such cases count in neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai_core.errors import BadRequest
from xai_core.learning.statistics.accuracy import Rate


@dataclass(frozen=True)
class Table:
    """Answers before and after the AI's, where the AI was right, or where it was wrong."""

    right_right: int
    right_wrong: int
    wrong_right: int
    wrong_wrong: int


@dataclass(frozen=True)
class Reliance:
    """``ai_right``, ``ai_wrong``: before and after, in the cases where the AI was so.

    ``over``: of the cases in which the reader was right and the AI wrong, the share with a wrong
    answer after it.  ``under``: of those in which the reader was wrong and the AI right, the share
    with a wrong answer after it.  Each None where there is no such case: drill more of them.
    """

    ai_right: Table
    ai_wrong: Table
    over: Rate | None
    under: Rate | None


def reliance(before: ArrayLike, after: ArrayLike, ai: ArrayLike) -> Reliance:
    """What a reader did with an AI's answers.

    Args:
        before, after: (n,), whether the reader was right before and after seeing the AI's answer.
        ai: (n,), whether the AI was right.

    Raises:
        BadRequest: there are no cases, or the lengths differ.
    """
    first, second, helper = (np.asarray(x, dtype=bool) for x in (before, after, ai))
    if not first.size or first.ndim != 1 or len({x.shape for x in (first, second, helper)}) > 1:
        raise BadRequest(
            f"There are {first.size} answers before, {second.size} after and {helper.size} of the "
            "AI; give one of each for every case, and a case or more."
        )
    right, wrong = _table(first, second, helper), _table(first, second, ~helper)
    return Reliance(
        right, wrong,
        _rate(wrong.right_wrong, wrong.right_right), _rate(right.wrong_wrong, right.wrong_right),
    )  # fmt: skip


def _table(before: NDArray[np.bool_], after: NDArray[np.bool_], where: NDArray[np.bool_]) -> Table:
    def count(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> int:
        return int((first & second & where).sum())

    return Table(
        count(before, after), count(before, ~after), count(~before, after), count(~before, ~after)
    )


def _rate(part: int, rest: int) -> Rate | None:
    return Rate(part, part + rest) if part + rest else None

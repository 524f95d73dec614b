from __future__ import annotations

import itertools

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.accuracy import Rate
from xai_core.learning.statistics.reliance import Table, reliance
from xai_core.statistics.proportion import wilson

WAYS = list(itertools.product([True, False], repeat=3))  # before, after, AI


def test_every_way_is_counted_in_its_place() -> None:
    """So many cases of each way that each count names it."""
    numbers = range(1, 9)
    before, after, ai = np.repeat(np.array(WAYS), numbers, axis=0).T
    found = reliance(before, after, ai)
    assert found.ai_right == Table(1, 3, 5, 7)
    assert found.ai_wrong == Table(2, 4, 6, 8)
    assert found.over == Rate(4, 6)  # right before, AI wrong: 2 kept, 4 given up
    assert found.under == Rate(7, 12)  # wrong before, AI right: 5 changed, 7 kept
    assert found.over is not None
    assert found.over.interval() == wilson(4, 6)


def test_answers_that_agree_with_the_ai_count_in_neither() -> None:
    found = reliance([True, False], [True, False], [True, False])
    assert (found.over, found.under) == (None, None)


def test_a_reader_who_follows_every_advice_relies_too_much() -> None:
    found = reliance([True, False], [False, True], [False, True])
    assert (found.over, found.under) == (Rate(1, 1), Rate(0, 1))


@pytest.mark.parametrize(
    ("before", "after", "ai"),
    [([], [], []), ([True], [True, False], [True, False]), ([True], [True], [True, False])],
)
def test_answers_without_their_pair_are_refused(before: list, after: list, ai: list) -> None:
    with pytest.raises(BadRequest, match="one of each for every case"):
        reliance(before, after, ai)

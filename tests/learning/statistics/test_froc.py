"""Marks, and figures of merit of them, by hand; published ones are in test_multireader.py."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.froc import (
    UNMARKED,
    CaseMarks,
    afroc,
    highest_rating_auc,
    highest_ratings,
    wafroc,
    wafroc_pairs,
)

# Two lesions, found with 3 and missed, and a false positive of 4; one lesion, found with 2; two
# normal cases, one with false positives of 1 and 2.
CASES = [
    CaseMarks.of(2, [(0, 3), (None, 4), (0, 1)]),
    CaseMarks.of(1, [(0, 2)]),
    CaseMarks.of(0, []),
    CaseMarks.of(0, [(None, 1), (None, 2)]),
]


def test_the_highest_mark_on_a_lesion_counts() -> None:
    assert CASES[0] == CaseMarks((3, UNMARKED), (4,))
    assert CASES[0].lesion_weights == (0.5, 0.5)
    assert [case.highest for case in CASES] == [4, 2, UNMARKED, 2]
    assert [case.highest_false_positive for case in CASES] == [4, UNMARKED, UNMARKED, 2]


def test_a_lesion_without_any_mark_is_unmarked() -> None:
    assert CaseMarks((UNMARKED,)).highest == UNMARKED


def test_wafroc_by_hand() -> None:
    # Against no mark: lesions at 3, none, 2 score 1, 1/2, 1; against 2: 1, 0, 1/2.
    pairs = [[0.75, 0.5], [1, 0.5]]
    np.testing.assert_allclose(wafroc_pairs(CASES), pairs)
    assert wafroc(CASES) == pytest.approx(np.mean(pairs))


def test_given_weights() -> None:
    cases = [CaseMarks((3, UNMARKED), (4,), (0.9, 0.1)), *CASES[1:]]
    np.testing.assert_allclose(wafroc_pairs(cases), [[0.95, 0.9], [1, 0.5]])
    assert wafroc(cases) == pytest.approx((0.95 + 0.9 + 1 + 0.5) / 4)


def test_afroc_counts_lesions_not_cases() -> None:
    # The three lesions score 1, 1/4 and 3/4 on average.
    assert afroc(CASES) == pytest.approx(2 / 3)
    assert afroc([CaseMarks((3, UNMARKED), (4,), (0.9, 0.1)), *CASES[1:]]) == afroc(CASES)


def test_false_positives_of_all_cases() -> None:
    # Against 4, none, none, 2: 3 scores 0 1 1 1, none 0 1/2 1/2 0, 2 scores 0 1 1 1/2.
    assert afroc(CASES, all_cases=True) == pytest.approx((3 + 1 + 2.5) / 12)
    assert wafroc(CASES, all_cases=True) == pytest.approx((3 / 2 + 1 / 2 + 2.5) / 8)
    assert wafroc(CASES[:2], all_cases=True) == pytest.approx((1 / 4 + 1 / 8 + 1 / 2) / 2)


def test_a_right_answer_for_a_wrong_place_counts_for_the_case_alone() -> None:
    # 4 and 2 against none and 2: 1 1 1 1/2, though the 4 is off the lesions.
    assert highest_rating_auc(CASES) == pytest.approx(3.5 / 4)
    truth, rating = highest_ratings(CASES)
    assert truth.tolist() == [True, True, False, False]
    assert rating.tolist() == [4, 2, UNMARKED, 2]
    right_place = [CaseMarks((5,)), CaseMarks((), (4,))]
    wrong_place = [CaseMarks((UNMARKED,), (5,)), CaseMarks((), (4,))]
    assert highest_rating_auc(right_place) == highest_rating_auc(wrong_place) == 1
    assert (wafroc(right_place), wafroc(wrong_place)) == (1, 0)


def test_one_lesion_each_and_no_false_positive_beside_it_is_the_area_by_case() -> None:
    rng = np.random.default_rng(7)
    cases = [
        CaseMarks((float(rng.integers(1, 5)),)) if i < 20
        else CaseMarks((), (float(rng.integers(0, 4)),))
        for i in range(45)
    ]  # fmt: skip
    assert wafroc(cases) == pytest.approx(highest_rating_auc(cases), abs=1e-12)
    assert afroc(cases) == pytest.approx(wafroc(cases), abs=1e-12)


def test_nothing_marked_is_a_half() -> None:
    cases = [CaseMarks((UNMARKED, UNMARKED)), CaseMarks((UNMARKED,)), CaseMarks()]
    assert wafroc(cases) == afroc(cases) == highest_rating_auc(cases) == 0.5


@pytest.mark.parametrize("figure", [wafroc, afroc, highest_rating_auc, wafroc_pairs])
def test_without_lesions_or_without_normal_cases(figure: object) -> None:
    assert callable(figure)
    with pytest.raises(BadRequest, match=r"No case has a lesion|0 diseased"):
        figure([CaseMarks(), CaseMarks((), (1,))])
    with pytest.raises(BadRequest, match="0 normal"):
        figure(CASES[:2])


@pytest.mark.parametrize(
    ("lesions", "marks", "says"),
    [
        (1, [(1, 3.0)], "on lesion 1, and the case has 1"),
        (2, [(-1, 3.0)], "on lesion -1"),
        (1, [(0, math.nan)], "no rating"),
        (1, [(0, UNMARKED)], "no rating"),
        (1, [(None, math.nan)], "not a finite"),
        (0, [(None, UNMARKED)], "not a finite"),
        (1, [(0, math.inf)], "not a finite"),
    ],
)
def test_what_is_no_mark_is_refused(
    lesions: int, marks: list[tuple[int | None, float]], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        CaseMarks.of(lesions, marks)


@pytest.mark.parametrize("weights", [(1.0,), (0.5, 0.6), (1.0, 0.0), (1.5, -0.5)])
def test_what_is_no_weight_is_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(BadRequest, match="weights"):
        CaseMarks((1, 2), (), weights)

"""Means over pairs of cases: hand-worked tables, and covariances against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from xai_core.errors import BadRequest
from xai_core.learning.statistics.pairs import (
    Covariance,
    call_pairs,
    pair_covariance,
    rating_pairs,
    without_each_pair_mean,
)

TRUTH = [True, False, True, False, False]
RATING = [3, 1, 2, 2, -np.inf]


def test_a_pair_scores_one_half_or_nothing() -> None:
    np.testing.assert_array_equal(rating_pairs(TRUTH, RATING), [[1, 1, 1], [1, 0.5, 1]])


def test_the_truth_may_be_of_numbers() -> None:
    found = rating_pairs([1.0, 0.0, 1.0, 0.0, 0.0], RATING)
    np.testing.assert_array_equal(found, rating_pairs(TRUTH, RATING))


def test_two_unmarked_cases_are_a_tie() -> None:
    np.testing.assert_array_equal(rating_pairs([True, False], [-np.inf, -np.inf]), [[0.5]])


def test_the_mean_is_mann_whitneys() -> None:
    rng = np.random.default_rng(1)
    truth, rating = rng.random(60) < 0.4, rng.integers(0, 5, 60)
    u = mannwhitneyu(rating[truth], rating[~truth]).statistic
    expected = u / truth.sum() / (~truth).sum()
    assert rating_pairs(truth, rating).mean() == pytest.approx(expected, abs=1e-12)


def test_calls_score_by_the_diseased_case_alone() -> None:
    called = [True, True, False, False, False]
    np.testing.assert_array_equal(call_pairs(TRUTH, called), [[1, 1, 1], [0, 0, 0]])
    specificity = call_pairs(~np.array(TRUTH), ~np.array(called))
    assert specificity.mean() == pytest.approx(2 / 3)


def test_the_mean_without_each_case_is_that_of_the_smaller_table() -> None:
    x = np.random.default_rng(2).random((2, 3, 4))
    found = without_each_pair_mean(x)
    rows = [np.delete(x, i, axis=1).mean((1, 2)) for i in range(3)]
    columns = [np.delete(x, i, axis=2).mean((1, 2)) for i in range(4)]
    np.testing.assert_allclose(found, np.array([*rows, *columns]).T, atol=1e-14)


def test_delongs_variance_by_hand() -> None:
    # Rows' means 1 and 5/6: variance 1/72; columns' means 1, 3/4, 1: variance 1/48.
    found = pair_covariance([[[1, 1, 1], [1, 0.5, 1]]], Covariance.DELONG)
    assert found == pytest.approx(1 / 72 / 2 + 1 / 48 / 3)


def test_the_jackknife_by_hand() -> None:
    # 5/6 and 1; 7/8, 1, 7/8; mean 11/12
    found = pair_covariance([[[1, 1, 1], [1, 0.5, 1]]], Covariance.JACKKNIFE)
    left = np.array([5 / 6, 1, 7 / 8, 1, 7 / 8])
    assert found == pytest.approx(4 / 5 * ((left - 11 / 12) ** 2).sum())


def test_the_unbiased_covariance_is_that_of_pairs_without_a_common_case() -> None:
    x = np.random.default_rng(3).random((2, 3, 4))
    cells = list(itertools.product(range(3), range(4)))
    apart = [
        x[0][a] * x[1][b] for a in cells for b in cells if a[0] != b[0] and a[1] != b[1]
    ]  # fmt: skip
    found = pair_covariance(x, Covariance.UNBIASED)
    assert found[0, 1] == pytest.approx(x[0].mean() * x[1].mean() - np.mean(apart), abs=1e-12)
    assert found[0, 1] == pytest.approx(found[1, 0])


@pytest.mark.parametrize("method", list(Covariance))
def test_the_variance_is_right_on_average(method: Covariance) -> None:
    """Of areas of 8 diseased and 12 normal cases, over 3000 draws; the jackknife is known to be too
    large by a few percent, the unbiased one is right."""
    rng = np.random.default_rng(4)
    truth = np.arange(20) < 8
    areas, variances = [], []
    for _ in range(3000):
        table = rating_pairs(truth, rng.normal(size=20) + truth)
        areas.append(table.mean())
        variances.append(pair_covariance(table[None], method)[0, 0])
    ratio = np.mean(variances) / np.var(areas)
    low, high = (0.93, 1.07) if method is Covariance.UNBIASED else (0.95, 1.25)
    assert low < ratio < high


@pytest.mark.parametrize(
    ("truth", "rating", "says"),
    [
        ([True, True], [1, 2], "2 diseased and 0 normal"),
        ([False], [1], "0 diseased and 1 normal"),
        ([True, False], [1], "1 ratings of 2 cases"),
        ([True, False], [1, np.nan], "not a number"),
        ([True, False], [np.inf, 1], "not a number"),
        ([[True, False]], [1, 2], "2 dimensions"),
    ],
)
def test_what_is_no_reading_is_refused(truth: list, rating: list, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        rating_pairs(truth, rating)


def test_calls_of_other_cases_are_refused() -> None:
    with pytest.raises(BadRequest, match="1 calls of 2 cases"):
        call_pairs([True, False], [True])


@pytest.mark.parametrize("method", list(Covariance))
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3, 1)])
def test_one_case_of_a_class_has_no_variance(
    method: Covariance, shape: tuple[int, ...]
) -> None:  # fmt: skip
    with pytest.raises(BadRequest, match="2 or more of each"):
        pair_covariance(np.ones(shape), method)

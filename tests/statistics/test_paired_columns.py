"""Paired columns: against SciPy, worked by hand, and their error under no difference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from xai_core.statistics.paired_columns import (
    corrected_p,
    flipped_maxima,
    paired_t,
    standardised,
)

X = np.random.default_rng(0).normal(0.3, 1, (12, 5))
UNITS = np.arange(12)


def test_t_is_scipy_s() -> None:
    np.testing.assert_allclose(paired_t(X), stats.ttest_1samp(X, 0).statistic, rtol=1e-9)


def test_t_worked_by_hand() -> None:
    """1, 2, 3: mean 2, standard deviation 1, so t is 2 sqrt(3); of 0 it is 0; of equal differences
    it is large and finite."""
    t = paired_t(np.array([[1, 0, 5], [2, 0, 5], [3, 0, 5]], float))
    assert t[:2] == pytest.approx([2 * 3**0.5, 0])
    assert 1e5 < t[2] < np.inf


def test_the_largest_t_is_that_of_all_signs() -> None:
    """Four units have 16 permutations: with many draws the maxima are those of all of them, over
    both groups, whose second has the last two units alone."""
    one, two = X[:4], np.abs(X[:2, :2]) + 1
    found = flipped_maxima([one, two], [np.arange(4), np.array([2, 3])], 0, 600)
    expected = set()
    for signs in itertools.product((-1, 1), repeat=4):
        s = np.array(signs)[:, None]
        expected.add(
            round(max(np.abs(paired_t(s * one)).max(), np.abs(paired_t(s[2:] * two)).max()), 6)
        )
    assert {round(float(m), 6) for m in found} == expected


def test_the_p_of_one_column_is_scipy_s() -> None:
    """One column: the sign-flip test of SciPy, all 2^10 permutations, on |t|."""
    x = np.random.default_rng(3).normal(0.5, 1, 10)
    maxima = flipped_maxima([x[:, None]], [np.arange(10)], 0, 20_000)
    peer = stats.permutation_test(
        (x,), lambda v, axis: np.abs(v.mean(axis)), permutation_type="samples",
        alternative="greater", n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    assert corrected_p(paired_t(x[:, None]), maxima)[0] == pytest.approx(peer.pvalue, abs=0.01)


def test_p_worked_by_hand() -> None:
    maxima = np.array([1.0, 2.0, 3.0, 4.0])
    assert corrected_p(np.array([0.5, -2.5, 4.0, 9.0]), maxima).tolist() == [1, 0.6, 0.4, 0.2]
    assert (
        flipped_maxima([np.zeros((5, 3)), X[:1]], [np.arange(5), UNITS[:1]], 0, 3).tolist()
        == [0] * 3
    )
    assert flipped_maxima([], [], 0, 2).tolist() == [0, 0]


def test_under_no_difference_any_is_named_in_at_most_a_twentieth_of_runs() -> None:
    """Columns that go with each other, in two groups of the same units: 200 simulated studies.  The
    rate lies below the upper end of what 5 % gives, 10 + 2 sqrt(9.5) of 200."""
    rng, named = np.random.default_rng(7), 0
    for run in range(200):
        shared = rng.normal(size=(15, 1, 2))
        data = shared + rng.normal(size=(15, 40, 2))
        groups, units = [data[..., 0], data[..., 1]], [np.arange(15)] * 2
        maxima = flipped_maxima(groups, units, run, 199)
        t = np.concatenate([paired_t(one) for one in groups])
        named += bool((corrected_p(t, maxima) < 0.05).any())
    assert named <= 16
    assert named >= 3  # and the correction is no stricter than it has to be


def test_the_standardised_difference_is_the_mean_by_the_standard_deviation() -> None:
    value, low, high = standardised(X, 0)
    np.testing.assert_allclose(value, X.mean(0) / X.std(0, ddof=1), rtol=1e-9)
    assert ((low < value) & (value < high)).all()
    assert np.isnan(standardised(X[:9], 0)[1]).all()
    zero = standardised(np.zeros((12, 2)), 0)
    assert [one.tolist() for one in zero] == [[0, 0]] * 3


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of 400 columns of 30 units with d_z 0.5, about 95 % of the intervals hold it."""
    x = np.random.default_rng(1).normal(0.5, 1, (30, 400))
    _, low, high = standardised(x, 0)
    assert 0.9 < ((low < 0.5) & (high > 0.5)).mean() < 0.99

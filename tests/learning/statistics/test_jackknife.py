"""The jackknife: the mean's is the usual variance of a mean; wAFROC's is that of its pairs."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.froc import CaseMarks, afroc, wafroc, wafroc_pairs
from xai_core.learning.statistics.jackknife import (
    jackknife_covariance,
    pseudovalues,
    without_each,
)
from xai_core.learning.statistics.pairs import without_each_pair_mean


def test_of_a_mean() -> None:
    x = np.array([1.0, 4, 4, 9, 12])
    left = without_each(lambda kept: float(x[kept].mean()), 5)
    np.testing.assert_allclose(pseudovalues(x.mean(), left), x)
    assert jackknife_covariance([left]) == pytest.approx(x.var(ddof=1) / 5)


def test_covariances_are_those_of_means() -> None:
    x = np.random.default_rng(8).normal(size=(3, 12))
    left = [without_each(lambda kept, row=row: float(row[kept].mean()), 12) for row in x]
    np.testing.assert_allclose(jackknife_covariance(left), np.cov(x) / 12)


def test_wafroc_without_each_case() -> None:
    """The short cut over pairs against computing anew; pseudovalues of it have its mean."""
    rng = np.random.default_rng(9)
    cases = [
        CaseMarks.of(
            int(lesions := rng.integers(1, 4)) if i < 7 else (lesions := 0),
            [
                (int(rng.integers(lesions)) if lesions and rng.random() < 0.7 else None, rating)
                for rating in rng.integers(1, 5, rng.integers(0, 4)).astype(float).tolist()
            ],
        )
        for i in range(16)
    ]
    anew = without_each(lambda kept: wafroc([cases[i] for i in kept]), 16)
    np.testing.assert_allclose(without_each_pair_mean(wafroc_pairs(cases)), anew, atol=1e-13)
    assert pseudovalues(wafroc(cases), anew).mean() == pytest.approx(wafroc(cases))
    # A ratio, where cases have different numbers of lesions: the jackknife corrects a bias.
    ratio = without_each(lambda kept: afroc([cases[i] for i in kept]), 16)
    assert pseudovalues(afroc(cases), ratio).mean() != pytest.approx(afroc(cases), abs=1e-6)


def test_one_case_cannot_be_left_out() -> None:
    with pytest.raises(BadRequest, match="2 or more"):
        without_each(lambda kept: 0.0, 1)
    with pytest.raises(BadRequest, match="2 or more"):
        jackknife_covariance([[0.5]])


def test_the_last_case_of_a_class_cannot_be_left_out() -> None:
    cases = [CaseMarks((1.0,)), CaseMarks(), CaseMarks()]
    with pytest.raises(BadRequest, match=r"0 diseased|No case"):
        without_each(lambda kept: wafroc([cases[i] for i in kept]), 3)

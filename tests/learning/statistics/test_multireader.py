"""Obuchowski and Rockette's analysis: published figures, DBM's own way to them, refusals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from tests.learning.statistics.conftest import Marked, Rated
from xai_core.errors import BadRequest
from xai_core.learning.statistics.froc import highest_ratings, wafroc, wafroc_pairs
from xai_core.learning.statistics.jackknife import pseudovalues, without_each
from xai_core.learning.statistics.multireader import (
    Random,
    ReaderStudy,
    components,
    obuchowski_rockette,
)
from xai_core.learning.statistics.pairs import (
    Covariance,
    call_pairs,
    rating_pairs,
    without_each_pair_mean,
)


def areas(truth: np.ndarray, rating: np.ndarray) -> np.ndarray:
    """The tables (t, r, m, n) of ratings (t, r, K)."""
    return np.array([[rating_pairs(truth, one) for one in test] for test in rating])


def simulated(tests: int, readers: int, seed: int = 0, cases: int = 40) -> np.ndarray:
    """Tables of ratings that have a part of the case, so that readings are correlated."""
    rng = np.random.default_rng(seed)
    truth = np.arange(cases) % 5 < 2
    of_case = rng.normal(size=cases)
    rating = rng.normal(size=(tests, readers, cases)) + of_case + 1.5 * truth
    return areas(truth, np.round(rating, 1))


# --- Van Dyke -----------------------------------------------------------------------------------


def test_van_dykes_components(van_dyke: Rated) -> None:
    """The output of OR-DBM MRMC 2.5."""
    study = ReaderStudy.of_pairs(areas(*van_dyke))
    assert study.values.mean(1) == pytest.approx((0.89703704, 0.94083736), abs=5e-9)
    found = components(study)
    published = (0.00479617, 0.00383620, 0.00055103, 0.00080229, 0.00034661, 0.00034407, 0.00023903)
    own = (found.ms_t, found.ms_r, found.ms_tr, found.var, found.cov1, found.cov2, found.cov3)
    assert own == pytest.approx(published, abs=5e-9)
    assert (found.tests, found.readers, found.cases) == (2, 5, 114)


def test_van_dyke_random_readers_and_cases(van_dyke: Rated) -> None:
    found = obuchowski_rockette(ReaderStudy.of_pairs(areas(*van_dyke)))
    assert (round(found.f, 2), round(found.df2, 2), round(found.p, 4)) == (4.46, 15.26, 0.0517)
    assert found.df1 == 1


def test_van_dyke_from_its_printed_figures() -> None:
    """The same without the data: areas, and covariances that are equal for all readings."""
    values = [
        [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
        [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
    ]
    test, reader = (index.ravel() for index in np.indices((2, 5)))
    same_test, same_reader = test[:, None] == test, reader[:, None] == reader
    covariance = np.where(
        same_test,
        np.where(same_reader, 0.00080229, 0.00034407),
        np.where(same_reader, 0.00034661, 0.00023903),
    )
    study = ReaderStudy(np.array(values), covariance, 114)
    both = obuchowski_rockette(study)
    assert (round(both.f, 2), round(both.df2, 2), round(both.p, 4)) == (4.46, 15.26, 0.0517)
    (of_cases,) = obuchowski_rockette(study, Random.CASES).differences
    assert of_cases.value / of_cases.error == pytest.approx(-2.340075, abs=5e-5)
    assert obuchowski_rockette(study, Random.READERS).f == pytest.approx(8.704, abs=5e-4)


@pytest.mark.parametrize(
    ("method", "p", "df"),
    [(Covariance.DELONG, 0.05123303, 15.06611), (Covariance.UNBIASED, 0.0511618, 15.03418)],
)
def test_van_dyke_with_other_covariances(
    van_dyke: Rated, method: Covariance, p: float, df: float
) -> None:
    """As the paper of the R package MRMCaov prints them."""
    found = obuchowski_rockette(ReaderStudy.of_pairs(areas(*van_dyke), method))
    assert found.p == pytest.approx(p, abs=5e-9)
    assert found.df2 == pytest.approx(df, abs=5e-6)


def test_van_dyke_fixed_readers(van_dyke: Rated) -> None:
    found = obuchowski_rockette(ReaderStudy.of_pairs(areas(*van_dyke)), Random.CASES)
    (difference,) = found.differences
    assert difference.value / difference.error == pytest.approx(-2.340075, abs=5e-7)
    assert difference.p == pytest.approx(0.01927984, abs=5e-9)
    assert found.p == pytest.approx(difference.p, abs=1e-12)


def test_van_dyke_fixed_cases(van_dyke: Rated) -> None:
    found = obuchowski_rockette(ReaderStudy.of_pairs(areas(*van_dyke)), Random.READERS)
    assert found.f == pytest.approx(8.704, abs=5e-4)
    assert found.p == pytest.approx(0.04195875, abs=5e-9)


def test_van_dyke_sensitivity(van_dyke: Rated) -> None:
    """From a rating of 3 on; the published figures are with DeLong's covariances."""
    truth, rating = van_dyke
    tables = np.array([[call_pairs(truth, one >= 3) for one in test] for test in rating])
    found = obuchowski_rockette(ReaderStudy.of_pairs(tables, Covariance.DELONG))
    assert found.f == pytest.approx(6.689493, abs=5e-7)
    assert found.p == pytest.approx(0.02008822, abs=5e-9)


# --- FED ----------------------------------------------------------------------------------------


def test_fed_wafroc(fed: Marked) -> None:
    study = ReaderStudy.of_pairs([[wafroc_pairs(one) for one in test] for test in fed])
    published = (0.753219, 0.760075, 0.722604, 0.769254, 0.714375)
    assert study.values.mean(1) == pytest.approx(published, abs=5e-7)
    assert study.values[0, 0] == pytest.approx(wafroc(fed[0][0]), abs=1e-12)
    found = obuchowski_rockette(study)
    assert (found.df1, round(found.f, 1), round(found.df2, 1)) == (4, 7.8, 36.8)
    assert found.f == pytest.approx(7.80030, abs=5e-6)
    assert found.df2 == pytest.approx(36.7933, abs=5e-5)
    assert found.p == pytest.approx(0.000117105, abs=5e-10)
    assert len(found.differences) == 10


def test_fed_highest_rating(fed: Marked) -> None:
    tables = [[rating_pairs(*highest_ratings(one)) for one in test] for test in fed]
    found = obuchowski_rockette(ReaderStudy.of_pairs(tables))
    assert found.f == pytest.approx(3.46824, abs=5e-6)
    assert found.df2 == pytest.approx(16.8037, abs=5e-5)
    assert found.p == pytest.approx(0.0305446, abs=5e-8)


# --- Any study ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_dbms_analysis_of_pseudovalues_has_the_same_f(seed: int) -> None:
    """The three-way analysis of variance of Dorfman, Berbaum and Metz, tests by readers by cases,
    with sums written out; Hillis' degrees of freedom in its mean squares."""
    tables = simulated(3, 4, seed)
    values, left = tables.mean((2, 3)), without_each_pair_mean(tables)
    y = pseudovalues(values, left)
    t, r, k = y.shape
    t_, r_, c_ = y.mean((1, 2)), y.mean((0, 2)), y.mean((0, 1))
    tr, tc, rc, all_ = y.mean(2), y.mean(1), y.mean(0), y.mean()
    ms_t = r * k * ((t_ - all_) ** 2).sum() / (t - 1)
    ms_tr = k * ((tr - t_[:, None] - r_ + all_) ** 2).sum() / ((t - 1) * (r - 1))
    ms_tc = r * ((tc - t_[:, None] - c_ + all_) ** 2).sum() / ((t - 1) * (k - 1))
    residual = (
        y - tr[:, :, None] - tc[:, None] - rc[None]
        + t_[:, None, None] + r_[None, :, None] + c_[None, None] - all_
    )  # fmt: skip
    ms_trc = (residual**2).sum() / ((t - 1) * (r - 1) * (k - 1))
    below = ms_tr + max(ms_tc - ms_trc, 0)
    df2 = below**2 / (ms_tr**2 / ((t - 1) * (r - 1)))

    found = obuchowski_rockette(ReaderStudy.of_jackknife(values, left))
    assert found.components.ms_t == pytest.approx(ms_t / k, rel=1e-9)
    assert found.components.ms_tr == pytest.approx(ms_tr / k, rel=1e-9)
    assert (found.f, found.df2) == pytest.approx((ms_t / below, df2), rel=1e-9)


def test_tables_and_the_figures_without_each_case_are_the_same_study() -> None:
    tables = simulated(2, 3)
    one = ReaderStudy.of_pairs(tables)
    other = ReaderStudy.of_jackknife(tables.mean((2, 3)), without_each_pair_mean(tables))
    np.testing.assert_allclose(one.covariance, other.covariance)
    anew = without_each(lambda kept: float(kept.mean()), 40)
    assert ReaderStudy.of_jackknife([[0.0]], [[anew]]).cases == 40


def test_components_by_hand() -> None:
    """Two tests, two readers, covariances that name their pair."""
    values = np.array([[0.6, 0.7], [0.8, 1.0]])
    covariance = np.array([[9, 3, 2, 1], [3, 9, 1, 2], [2, 1, 9, 5], [1, 2, 5, 9]]) / 100
    found = components(ReaderStudy(values, covariance, 30))
    assert (found.ms_t, found.ms_r) == pytest.approx((2 * 2 * 0.125**2, 2 * 2 * 0.075**2))
    assert found.ms_tr == pytest.approx(4 * 0.025**2)
    assert [found.var, found.cov1, found.cov2, found.cov3] == pytest.approx(
        [0.09, 0.02, 0.04, 0.01]
    )
    assert found.between_readers == pytest.approx(0.03)
    assert found.test_by_reader == 0


def test_the_interval_of_the_difference_agrees_with_the_p_value() -> None:
    for random, seed in itertools.product(Random, range(5)):
        found = obuchowski_rockette(ReaderStudy.of_pairs(simulated(2, 4, seed)), random)
        (difference,) = found.differences
        assert found.p == pytest.approx(difference.p, abs=1e-12)
        assert found.f == pytest.approx((difference.value / difference.error) ** 2)
        level = 1 - difference.p
        edge = obuchowski_rockette(ReaderStudy.of_pairs(simulated(2, 4, seed)), random, level)
        assert min(abs(edge.differences[0].low), abs(edge.differences[0].high)) < 1e-9
        means = [mean.value for mean in found.means]
        assert difference.value == pytest.approx(means[0] - means[1])


def test_means_by_hand() -> None:
    values = np.array([[0.6, 0.8], [0.5, 0.5]])
    covariance = np.full((4, 4), 0.001) + 0.002 * np.eye(4)
    study = ReaderStudy(values, covariance, 30)
    both = obuchowski_rockette(study).means[0]
    # MS(R) of the test 0.02; (0.02 + 2 * 0.001) / 2; df (0.022 / 0.02)^2
    assert (both.value, both.error, both.df) == pytest.approx((0.7, math.sqrt(0.011), 1.21))
    assert both.high - both.value == pytest.approx(stats.t.isf(0.025, 1.21) * both.error)
    of_readers = obuchowski_rockette(study, Random.READERS).means[0]
    assert (of_readers.error, of_readers.df) == pytest.approx((0.1, 1))
    of_cases = obuchowski_rockette(study, Random.CASES).means
    assert [mean.error for mean in of_cases] == pytest.approx([math.sqrt(0.002)] * 2)
    assert math.isinf(of_cases[0].df)
    # Readers alike in the second test: no variance of readers, that of cases is left.
    alike = obuchowski_rockette(study).means[1]
    assert (alike.error, alike.df) == pytest.approx((math.sqrt(0.001), math.inf))


def test_one_reader_is_a_fixed_reader() -> None:
    tables = simulated(2, 1)
    study = ReaderStudy.of_pairs(tables, Covariance.DELONG)
    found = obuchowski_rockette(study, Random.CASES)
    variance = study.covariance[0, 0] + study.covariance[1, 1] - 2 * study.covariance[0, 1]
    assert found.differences[0].error == pytest.approx(math.sqrt(variance))
    for random in (Random.READERS_AND_CASES, Random.READERS):
        with pytest.raises(BadRequest, match="one reader"):
            obuchowski_rockette(study, random)


def test_readers_who_change_alike_leave_the_variance_of_cases() -> None:
    covariance = np.kron(np.eye(2), np.full((2, 2), 0.001)) + 0.002 * np.eye(4)
    study = ReaderStudy(np.array([[0.6, 0.7], [0.7, 0.8]]), covariance, 30)
    found = obuchowski_rockette(study)
    assert math.isinf(found.df2)
    assert found.f == pytest.approx(0.01 / 0.002)
    assert found.p == pytest.approx(stats.chi2.sf(5, 1))
    with pytest.raises(BadRequest, match="do not vary"):
        obuchowski_rockette(study, Random.READERS)


@pytest.mark.parametrize("random", list(Random))
def test_all_ties_are_refused(random: Random) -> None:
    study = ReaderStudy.of_pairs(np.full((2, 3, 5, 6), 0.5))
    with pytest.raises(BadRequest, match="do not vary"):
        obuchowski_rockette(study, random)


def test_one_test_has_nothing_to_compare_with() -> None:
    study = ReaderStudy.of_pairs(simulated(1, 3))
    assert math.isnan(components(study).ms_t)
    with pytest.raises(BadRequest, match="one test"):
        obuchowski_rockette(study)


def test_what_is_no_study_is_refused() -> None:
    with pytest.raises(BadRequest, match="2 or more of each"):
        ReaderStudy.of_pairs(np.ones((2, 2, 1, 5)))
    with pytest.raises(BadRequest, match="more cases than others"):
        ReaderStudy.of_pairs([[np.ones((3, 4)), np.ones((3, 5))]])
    with pytest.raises(BadRequest, match="3 dimensions"):
        ReaderStudy.of_pairs(np.ones((2, 2, 5)))
    with pytest.raises(BadRequest, match="without one"):
        ReaderStudy.of_jackknife(np.ones((2, 2)), np.ones((2, 3, 9)))
    with pytest.raises(BadRequest, match="for each test"):
        ReaderStudy(np.ones(4), np.eye(4), 9)
    with pytest.raises(BadRequest, match="4 readings"):
        ReaderStudy(np.ones((2, 2)), np.eye(3), 9)
    with pytest.raises(BadRequest, match="every reader"):
        ReaderStudy(np.array([[0.5, np.nan], [0.5, 0.5]]), np.eye(4), 9)

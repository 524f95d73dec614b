"""The area of one reader and the paired test: published figures, hand-worked ones, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.learning.statistics.conftest import Rated
from xai_core.errors import BadRequest
from xai_core.learning.statistics.pairs import Covariance
from xai_core.learning.statistics.roc import Area, area, paired_areas

TRUTH = [True, True, False, False, False]


def test_wfns_against_s100b(asah: dict[str, np.ndarray]) -> None:
    """As pROC's tests have it."""
    found = paired_areas(asah["poor_outcome"], asah["wfns"], asah["s100b"])
    assert found.z == pytest.approx(2.20898359144091, abs=1e-12)
    assert found.p == pytest.approx(0.0271757822291882, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((0.0104062, 0.1742144), abs=5e-8)


def test_van_dykes_readers(van_dyke: Rated) -> None:
    truth, rating = van_dyke
    values = [area(truth, rating[test, reader]).value for reader in (0, 4) for test in (0, 1)]
    published = (0.91964573, 0.94782609, 0.82979066, 0.92995169)
    assert values == pytest.approx(published, abs=5e-9)


def test_van_dykes_first_reader_with_the_jackknifes_error(van_dyke: Rated) -> None:
    truth, rating = van_dyke
    found = area(truth, rating[0, 0], Covariance.JACKKNIFE)
    assert found.error == pytest.approx(0.0301255164, abs=5e-11)
    assert found.interval() == pytest.approx((0.8606008, 0.9786907), abs=5e-8)


def test_an_area_by_hand() -> None:
    found = area(TRUTH, [3, 2, 1, 2, -np.inf])
    assert found.value == pytest.approx(5.5 / 6)
    assert found.error == pytest.approx(math.sqrt(1 / 72 / 2 + 1 / 48 / 3))


def test_intervals_by_hand() -> None:
    found = Area(0.8, 0.05)
    assert found.interval() == pytest.approx((0.8 - 1.959964 * 0.05, 0.8 + 1.959964 * 0.05))
    assert found.interval(0.9) == pytest.approx((0.8 - 1.644854 * 0.05, 0.8 + 1.644854 * 0.05))
    odds = [4 * math.exp(sign * 1.959964 * 0.05 / 0.16) for sign in (-1, 1)]
    assert found.logit_interval() == pytest.approx([x / (1 + x) for x in odds])


def test_the_plain_interval_is_cut_at_one_and_the_logit_one_ends_below() -> None:
    found = Area(0.97, 0.03)
    assert found.interval()[1] == 1
    assert 0.97 < found.logit_interval()[1] < 1


def test_swapping_the_readings_turns_the_difference() -> None:
    rng = np.random.default_rng(5)
    truth = np.arange(40) % 2 == 0
    a, b = rng.normal(size=(2, 40)) + truth
    one, other = paired_areas(truth, a, b), paired_areas(truth, b, a)
    assert (one.difference, one.z, one.p) == pytest.approx((-other.difference, -other.z, other.p))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.first == other.second


def test_all_ties_are_a_half_without_an_interval() -> None:
    found = area(TRUTH, [2] * 5)
    assert (found.value, found.error) == (0.5, 0)
    for interval in (found.interval, found.logit_interval):
        with pytest.raises(BadRequest, match="vary too little"):
            interval()


def test_a_perfect_reader_has_no_interval() -> None:
    found = area(TRUTH, [5, 4, 3, 2, 1])
    assert found.value == 1
    with pytest.raises(BadRequest, match=r"1\.000"):
        found.interval()


@pytest.mark.parametrize("scale", [1, 0.1, 7.3])
def test_equal_orders_have_no_difference_to_test(scale: float) -> None:
    rating = np.random.default_rng(6).normal(size=30)
    truth = np.arange(30) < 13
    with pytest.raises(BadRequest, match="same way"):
        paired_areas(truth, rating, scale * rating)


def test_one_case_of_a_class_is_refused() -> None:
    with pytest.raises(BadRequest, match="needs 2 or more"):
        area([True, False, False], [1, 2, 3])

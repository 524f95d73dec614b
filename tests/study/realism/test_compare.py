from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy.stats import ks_2samp

from tests.study.realism.pictures import measurement
from xai_core.study.realism.compare import Spread, compare

NAN = float("nan")


def test_a_spread_leaves_out_what_is_not_defined() -> None:
    spread = Spread.of([*range(101), NAN])
    assert (spread.n, spread.low, spread.median, spread.high) == (101, 10, 50, 90)
    none = Spread.of([NAN])
    assert none.n == 0
    assert math.isnan(none.median)


def test_auc_alone_counts_pairs() -> None:
    real = [measurement(i, mean=float(i), sd=float(i)) for i in range(101)]
    ours = [measurement(i, sd=91.0, area=NAN) for i in range(3)]
    lines = {line.quantity.key: line for line in compare(real, ours)}
    assert lines["sd"].auc == pytest.approx((91 + 0.5) / 101)
    assert lines["exponent"].auc == 0.5
    assert math.isnan(lines["area"].auc)
    assert lines["area"].distance is None


def test_distance_of_a_worked_example() -> None:
    """Real 1, 2, 3, 4 and phantoms 3.5, 4.5, 5.5: three of four real values lie below every
    phantom, so the cumulative distributions differ by 3/4.  The p-value is the share of the 35
    orders of four and three values that differ as much."""
    real = [measurement(i, mean=v) for i, v in enumerate((1, 2, 3, 4))]
    ours = [measurement(i, mean=v) for i, v in enumerate((3.5, 4.5, 5.5))]
    found = {line.quantity.key: line.distance for line in compare(real, ours)}["mean"]
    assert found is not None
    assert (found.d, found.real, found.phantoms) == (0.75, 4, 3)
    orders = list(itertools.combinations(range(7), 4))

    def difference(places: tuple[int, ...]) -> float:
        below = np.cumsum([i in places for i in range(7)]) / 4
        return float(np.abs(below - np.cumsum([i not in places for i in range(7)]) / 3).max())

    share = sum(difference(order) >= 0.75 - 1e-9 for order in orders) / len(orders)
    assert found.p == pytest.approx(share)


def test_equal_medians_do_not_hide_another_spread() -> None:
    """Phantoms all at the real median: it is inside every range, and the distributions differ."""
    real = [measurement(i, mean=float(i)) for i in range(101)]
    ours = [measurement(i, mean=50.0) for i in range(101)]
    lines = {line.quantity.key: line for line in compare(real, ours)}
    differs = lines["mean"].distance
    same = lines["sd"].distance
    assert differs is not None
    assert same is not None
    assert (differs.d, differs.differs) == (pytest.approx(50 / 101), True)
    assert (same.d, same.p, same.differs) == (0, 1, False)


def test_a_patient_counts_with_one_image() -> None:
    """Ten images of each of six patients are not sixty independent values."""
    rng = np.random.default_rng(0)
    level = rng.normal(size=6)
    real = [measurement(i, f"P{i // 10}", mean=level[i // 10]) for i in range(60)]
    ours = [measurement(i, mean=float(v)) for i, v in enumerate(rng.normal(size=30))]
    found = {line.quantity.key: line.distance for line in compare(real, ours)}["mean"]
    assert found is not None
    assert (found.real, found.phantoms) == (6, 30)
    expected = ks_2samp(level, [m.values["mean"] for m in ours])
    assert (found.d, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_the_image_of_a_patient_is_drawn_and_not_always_the_first() -> None:
    real = [measurement(i, f"P{i // 2}", mean=float(i % 2)) for i in range(200)]
    ours = [measurement(0, mean=-1.0), measurement(1, mean=0.5)]
    found = {line.quantity.key: line.distance for line in compare(real, ours)}["mean"]
    assert found is not None
    assert found.real == 100
    # About half the images drawn have 0 and half 1; all would be 0, and d 0.5, for the first.
    assert 0.5 < found.d < 0.65
    again = {line.quantity.key: line.distance for line in compare(real[::-1], ours)}["mean"]
    assert again == found


def test_a_p_value_below_5_percent_is_called_a_difference() -> None:
    """It is not adjusted for the number of quantities, which would flatter the phantoms."""
    real = [measurement(i, mean=float(i), sd=float(i)) for i in range(40)]
    ours = [measurement(i, mean=i + 12.5, sd=i + 8.5) for i in range(40)]
    lines = {line.quantity.key: line.distance for line in compare(real, ours)}
    moved, little = lines["mean"], lines["sd"]
    assert moved is not None
    assert little is not None
    assert (moved.d, little.d) == (13 / 40, 9 / 40)
    assert 0.01 < moved.p < 0.05 < little.p
    assert (moved.differs, little.differs) == (True, False)


def test_views_are_compared_apart() -> None:
    cc = [measurement(i, width_height=0.6) for i in range(3)]
    mlo = [dataclasses.replace(measurement(i, width_height=0.4), view="MLO") for i in range(2)]
    other = dataclasses.replace(measurement(9, width_height=9), view=None)
    shape = [
        line for line in compare([*cc, *mlo, other], cc) if line.quantity.key == "width_height"
    ]
    assert [line.quantity.view for line in shape] == ["CC", "MLO"]
    assert [(line.real.n, line.real.median) for line in shape] == [(3, 0.6), (2, 0.4)]
    assert [line.phantoms.n for line in shape] == [3, 0]

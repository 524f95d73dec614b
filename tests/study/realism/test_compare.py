from __future__ import annotations

import dataclasses
import math

import pytest

from tests.study.realism.pictures import measurement
from xai_core.study.realism.compare import Spread, compare

NAN = float("nan")


def test_a_spread_leaves_out_what_is_not_defined() -> None:
    spread = Spread.of([*range(101), NAN])
    assert (spread.n, spread.low, spread.median, spread.high) == (101, 10, 50, 90)
    none = Spread.of([NAN])
    assert none.n == 0
    assert math.isnan(none.median)


def test_inside_is_the_phantoms_median_within_the_real_spread() -> None:
    real = [measurement(i, mean=float(i), sd=float(i)) for i in range(101)]
    ours = [measurement(i, mean=89.0, sd=91.0, area=NAN) for i in range(3)]
    lines = {line.quantity.key: line for line in compare(real, ours)}
    assert (lines["mean"].inside, lines["sd"].inside, lines["area"].inside) == (True, False, None)
    assert lines["sd"].auc == pytest.approx((91 + 0.5) / 101)
    assert lines["exponent"].auc == 0.5
    assert math.isnan(lines["area"].auc)


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

from __future__ import annotations

import math

import pytest

from xai_core.statistics.proportion import Proportion


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (1, 4), (5, 10), (29, 30), (7, 7), (0, 1)])
def test_the_interval_is_wilsons(part: int, whole: int) -> None:
    """Both ends p solve (part / whole - p)^2 = z^2 p (1 - p) / whole (Wilson 1927)."""
    z = 1.959963984540054
    for end in Proportion(part, whole).interval:
        distance = (part / whole - end) ** 2
        assert distance == pytest.approx(z * z * end * (1 - end) / whole, rel=1e-9, abs=1e-15)


def test_the_ends_are_exact() -> None:
    assert Proportion(0, 9).interval[0] == 0
    assert Proportion(9, 9).interval[1] == 1


def test_count_and_percent_texts() -> None:
    found = Proportion.of([True, False, False, True])
    assert found == Proportion(2, 4)
    assert (found.count, found.percent) == ("2 / 4", "50.0 % (15.0 to 85.0)")


def test_proportion_of_an_empty_set_is_nan() -> None:
    nothing = Proportion.of([])
    assert math.isnan(nothing.value)
    assert all(math.isnan(end) for end in nothing.interval)
    assert (nothing.count, nothing.percent) == ("0 / 0", "-")

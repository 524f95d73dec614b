"""Intervals of 95 % cover the truth of simulated courses about so often; sixty courses tell to
6 points, so that this finds what is wrong, not what is a little off.  For more see
simulated_courses.py."""

from __future__ import annotations

import pytest

from tests.learning.statistics.simulated_courses import predicted_power, shares, true_wafroc

COURSES = 60
SIGNIFICANT = "gain is significant"


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return shares(COURSES)


def test_intervals_cover(found: dict[str, float]) -> None:
    assert len(found) == 14
    covered = {name: share for name, share in found.items() if name != SIGNIFICANT}
    assert not {name: share for name, share in covered.items() if not 0.88 <= share <= 1}


def test_difficulties_are_covered_as_often_as_they_should(found: dict[str, float]) -> None:
    """Ten items in each course: a thousand intervals."""
    assert 0.93 < found["difficulty of an item"] < 0.97


def test_the_power_is_as_foretold(found: dict[str, float]) -> None:
    assert found[SIGNIFICANT] == pytest.approx(predicted_power(30), abs=0.15)


def test_the_simulated_gain_of_wafroc_is_no_trifle() -> None:
    assert 0.1 < true_wafroc(1) - true_wafroc(0) < 0.3

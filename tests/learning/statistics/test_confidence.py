from __future__ import annotations

import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.confidence import confidence_calibration

RIGHT = [True, True, True, False, True, False]
STATED = [0.95, 0.95, 0.95, 0.95, 0.55, 0.55]


def test_an_overconfident_reader_by_hand() -> None:
    found = confidence_calibration(RIGHT, STATED, seed=1)
    high, middle = found.curve[9], found.curve[5]
    assert (high.n, high.predicted, high.observed) == pytest.approx((4, 0.95, 0.75))
    assert (middle.n, middle.predicted, middle.observed) == pytest.approx((2, 0.55, 0.5))
    assert found.error == pytest.approx((4 * 0.2 + 2 * 0.05) / 6)
    assert found.excess == pytest.approx((4 * 0.95 + 2 * 0.55) / 6 - 4 / 6)
    assert found.by_chance.mean < found.by_chance.high
    assert confidence_calibration(RIGHT, STATED, seed=1) == found


def test_a_reader_who_says_half_and_is_right_half_of_the_time_is_calibrated() -> None:
    found = confidence_calibration([True, False], [0.5, 0.5], seed=0)
    assert (found.error, found.excess) == (0, 0)


@pytest.mark.parametrize(
    ("right", "stated", "says"),
    [
        ([], [], "0 answers"),
        ([True], [0.5, 0.5], "1 answers and 2 confidences"),
        ([True], [1.5], "between 0 and 1"),
        ([True], [-0.1], "between 0 and 1"),
        ([True], [float("nan")], "between 0 and 1"),
    ],
)
def test_what_is_no_confidence_is_refused(right: list, stated: list, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        confidence_calibration(right, stated, seed=0)

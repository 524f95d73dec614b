from __future__ import annotations

import math

import numpy as np
import pytest

from xai_core.statistics.calibration import calibration, calibration_error


def test_every_case_is_in_the_bin_of_its_probability() -> None:
    p = [i / 10 for i in range(11)]  # each limit opens a bin; 1 belongs to the last
    assert [b.n for b in calibration(np.ones(11), p)] == [1] * 9 + [2]


def test_the_curve_and_its_error_by_hand() -> None:
    curve = calibration([False, True, True, True], [0.12, 0.18, 0.95, 0.85])
    filled = {round(b.low, 1): (b.n, b.predicted, b.observed) for b in curve if b.n}
    assert filled == {
        0.1: (2, pytest.approx(0.15), 0.5), 0.8: (1, 0.85, 1), 0.9: (1, 0.95, 1),
    }  # fmt: skip
    assert calibration_error(curve) == pytest.approx((2 * 0.35 + 0.15 + 0.05) / 4)
    assert math.isnan(curve[0].predicted)


def test_calibrated_probabilities_have_no_error() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    assert calibration_error(calibration(rng.random(len(p)) < p, p)) < 0.005
    assert calibration_error(calibration(np.ones(5), np.ones(5))) == 0
    assert calibration_error(calibration(np.ones(5), np.zeros(5))) == 1
    assert math.isnan(calibration_error(calibration([], [])))

from __future__ import annotations

import math

import numpy as np
import pytest

from xai_core.statistics.bootstrap import nominal_tail
from xai_core.statistics.calibration import (
    calibration,
    calibration_error,
    calibration_error_by_chance,
    calibration_error_interval,
)


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


def _cohort() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label, probability and patient of 60 images of 20 patients with 1 to 8 images."""
    rng = np.random.default_rng(1)
    sizes = [8, 1, 1, 1, 2, 1, 4, 1, 1, 6, 1, 2, 1, 1, 3, 1, 1, 2, 1, 21]
    p = rng.random(len(sizes)).repeat(sizes)
    return rng.random(len(p)) < p, p, np.repeat(np.arange(len(sizes)), sizes)


def test_the_interval_equals_resampling_image_by_image() -> None:
    label, p, patients = _cohort()
    found = calibration_error_interval(label, p, patients, seed=5, replicates=200)
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(2):  # the function draws 100 replicates at a time
        for counts in rng.multinomial(20, np.full(20, 1 / 20), size=100):
            rows = np.repeat(np.arange(60), counts[patients])
            errors.append(calibration_error(calibration(label[rows], p[rows])))
    tail = 100 * nominal_tail(0.025, 20)
    assert found == pytest.approx(tuple(np.percentile(errors, [tail, 100 - tail])))
    assert np.isnan(calibration_error_interval(label, p, patients % 9, seed=5)).all()


def test_images_of_one_patient_widen_the_interval() -> None:
    _, p, patients = _cohort()
    label = np.random.default_rng(2).random(20)[patients] < p  # alike within a patient
    by_patient = calibration_error_interval(label, p, patients, seed=0)
    by_image = calibration_error_interval(label, p, np.arange(60), seed=0)
    assert np.diff(by_patient) > 1.3 * np.diff(by_image)


def test_chance_gives_a_perfect_model_an_error() -> None:
    """Two cases of P = 0.5: one is positive, and the error 0, in half of the draws; else 0.5."""
    found = calibration_error_by_chance([0.5, 0.5], seed=0, replicates=20_000)
    assert found.mean == pytest.approx(0.25, abs=0.01)
    assert found.high == 0.5
    assert found == calibration_error_by_chance([0.5, 0.5], seed=0, replicates=20_000)
    certain = calibration_error_by_chance([0.0, 1.0, 1.0], seed=0)
    assert (certain.mean, certain.high) == (0, 0)
    assert math.isnan(calibration_error_by_chance([], seed=0).mean)


def test_more_cases_leave_less_to_chance() -> None:
    """About sqrt(2 p (1 - p) / (pi n_b)) in a bin, for the mean distance of a normal variable."""
    p = np.full(4000, 0.25)
    expected = math.sqrt(2 * 0.25 * 0.75 / (math.pi * 4000))
    assert calibration_error_by_chance(p, seed=0).mean == pytest.approx(expected, rel=0.05)

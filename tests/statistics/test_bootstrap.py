from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from xai_core.statistics.bootstrap import (
    MIN_PATIENTS,
    actual_tail,
    mean_interval,
    nominal_tail,
    number_of,
)

# Patients with 1 to 8 images; the values of a patient are alike.
SIZES = np.array([8, 1, 1, 1, 2, 1, 4, 1, 1, 6, 1, 2, 1, 1, 3, 1, 1, 2, 1, 1])


def test_below_ten_patients_there_is_no_interval() -> None:
    values = np.arange(40.0)
    assert np.isnan(mean_interval(values, np.arange(40) % (MIN_PATIENTS - 1), seed=0)).all()
    low, high = mean_interval(values, np.arange(40) % MIN_PATIENTS, seed=0)
    assert low < values.mean() < high
    assert np.isnan(mean_interval([], [], seed=0)).all()


def test_an_image_per_patient_gives_students_interval() -> None:
    """With few patients the plain percentiles are a tenth too narrow at n = 12."""
    values = np.random.default_rng(3).normal(size=12)
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    ours = mean_interval(values, np.arange(12), seed=0, replicates=40_000)
    assert ours == pytest.approx(tuple(theirs), abs=0.06 * (theirs.high - theirs.low))
    assert ours[1] - ours[0] == pytest.approx(theirs.high - theirs.low, rel=0.05)


@pytest.mark.parametrize("patients", [10, 25, 400])
def test_tails_are_hesterbergs(patients: int) -> None:
    """The integral of the normal density beyond Student's limit, enlarged by n / (n - 1)."""
    t = stats.t.ppf(0.975, patients - 1)
    beyond, _ = quad(stats.norm.pdf, t * np.sqrt(patients / (patients - 1)), np.inf)
    assert nominal_tail(0.025, patients) == pytest.approx(beyond)
    assert actual_tail(nominal_tail(0.025, patients), patients) == pytest.approx(0.025)
    assert nominal_tail(0.025, patients) < 0.025


def test_the_interval_of_a_mean_covers_it_with_unequal_clusters() -> None:
    rng = np.random.default_rng(11)
    patients = np.repeat(np.arange(len(SIZES)), SIZES)
    covered = by_image = 0
    runs = 250
    for seed in range(runs):
        values = rng.normal(size=len(SIZES))[patients] + 0.5 * rng.normal(size=len(patients))
        low, high = mean_interval(values, patients, seed=seed, replicates=500)
        covered += low <= 0 <= high
        low, high = mean_interval(values, np.arange(len(values)), seed=seed, replicates=500)
        by_image += low <= 0 <= high
    assert covered / runs > 0.9
    assert by_image / runs < 0.8


def test_number_of_patients() -> None:
    assert number_of(["a", "b", "a"]) == 2
    assert number_of([]) == 0

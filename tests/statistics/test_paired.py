from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xai_core.statistics.paired import PairedDifference, paired_difference

SIZES = np.array([8, 1, 1, 1, 2, 1, 4, 1, 1, 6, 1, 2, 1, 1, 3, 1, 1, 2, 1, 1])
PATIENTS = np.repeat(np.arange(len(SIZES)), SIZES)


def test_an_image_per_patient_gives_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=40)
    a, b = image + 0.2 * rng.normal(size=40) + 0.07, image + 0.2 * rng.normal(size=40)
    theirs = stats.ttest_rel(a, b)
    ours = paired_difference(a, b, np.arange(40), seed=0)
    ends = theirs.confidence_interval()
    assert ours.value == pytest.approx((a - b).mean())
    assert (ours.low, ours.high) == pytest.approx(tuple(ends), abs=0.05 * (ends.high - ends.low))
    assert ours.p == pytest.approx(theirs.pvalue, rel=0.3)
    assert (ours.images, ours.patients) == (40, 40)
    # The images differ much more than the methods: unpaired, nothing would be seen.
    assert stats.ttest_ind(a, b).pvalue > 0.3


def test_the_interval_is_that_of_the_ratio_estimator_over_patients() -> None:
    """Cochran, Sampling Techniques, 3rd edition, 1977, section 2.11: unequal clusters."""
    rng = np.random.default_rng(2)
    sizes = np.tile(SIZES, 4)
    patients = np.repeat(np.arange(len(sizes)), sizes)
    d = rng.normal(size=len(sizes))[patients] + 0.5 * rng.normal(size=len(patients))
    ours = paired_difference(d, np.zeros(len(d)), patients, seed=0)
    m, total = len(sizes), np.bincount(patients, d)
    residual = total - sizes * d.mean()
    error = np.sqrt(m / (m - 1) * (residual**2).sum()) / sizes.sum()
    width = 2 * stats.t.ppf(0.975, m - 1) * error
    assert ours.high - ours.low == pytest.approx(width, rel=0.06)
    by_image = stats.ttest_1samp(d, 0).confidence_interval()
    assert ours.high - ours.low > 1.4 * (by_image.high - by_image.low)


def test_of_equal_methods_few_are_called_different_with_unequal_clusters() -> None:
    rng = np.random.default_rng(4)
    ours = by_image = 0
    runs = 250
    for seed in range(runs):
        d = rng.normal(size=len(SIZES))[PATIENTS] + 0.5 * rng.normal(size=len(PATIENTS))
        p = paired_difference(d, np.zeros(len(d)), PATIENTS, seed=seed, replicates=500).p
        ours += p < 0.05
        by_image += stats.ttest_1samp(d, 0).pvalue < 0.05
    assert ours / runs < 0.1
    assert by_image / runs > 0.2


def test_the_other_order_gives_the_opposite() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.random((2, len(PATIENTS)))
    one, other = (paired_difference(*pair, PATIENTS, seed=0) for pair in ((a, b), (b, a)))
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert one.p == other.p
    assert one == paired_difference(a, b, PATIENTS, seed=0)
    assert one != paired_difference(a, b, PATIENTS, seed=1)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.4, 0.5, 0.6, 1.0, 3.0])
def test_interval_and_p_value_agree(shift: float) -> None:
    d = np.random.default_rng(6).normal(size=len(PATIENTS)) + shift
    found = paired_difference(d, np.zeros(len(d)), PATIENTS, seed=0)
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
    assert 0 < found.p <= 1


def test_methods_without_a_difference_have_p_1() -> None:
    same = np.linspace(0, 1, len(PATIENTS))
    assert paired_difference(same, same, PATIENTS, seed=0) == PairedDifference(
        0.0, 0.0, 0.0, 1.0, len(PATIENTS), len(SIZES)
    )


def test_below_ten_patients_there_is_a_difference_but_no_interval() -> None:
    found = paired_difference([0.5] * 30, [0.25] * 30, np.arange(30) % 9, seed=0)
    assert (found.value, found.images, found.patients) == (0.25, 30, 9)
    assert np.isnan([found.low, found.high, found.p]).all()
    found = paired_difference(np.arange(30), np.zeros(30), np.arange(30) % 10, seed=0)
    assert found.low < found.value < found.high
    nothing = paired_difference([], [], [], seed=0)
    assert np.isnan(nothing.value)
    assert (nothing.images, nothing.patients) == (0, 0)

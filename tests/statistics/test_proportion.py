from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from xai_core.statistics.proportion import Proportion, design_effect, wilson

# Weil's rat litters, Table 1 of Rao and Scott 1992: pups that survived, of those alive at 4 days.
CONTROL = (
    (13, 12, 9, 9, 8, 8, 12, 11, 9, 9, 8, 11, 4, 5, 7, 7),
    (13, 12, 9, 9, 8, 8, 13, 12, 10, 10, 9, 13, 5, 7, 10, 10),
)
TREATED = (
    (12, 11, 10, 9, 10, 9, 9, 8, 8, 4, 7, 4, 5, 3, 3, 0),
    (12, 11, 10, 9, 11, 10, 10, 9, 9, 5, 9, 7, 10, 6, 10, 7),
)


def proportion(parts: tuple[int, ...], wholes: tuple[int, ...]) -> Proportion:
    """The proportion over the images of patients with ``parts`` of ``wholes``."""
    values = [i < part for part, whole in zip(parts, wholes, strict=True) for i in range(whole)]
    return Proportion.of(values, [f"P{i}" for i, whole in enumerate(wholes) for _ in range(whole)])


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (1, 4), (5, 10), (29, 30), (7, 7), (0, 1)])
def test_wilson_is_scipys(part: int, whole: int) -> None:
    theirs = binomtest(part, whole).proportion_ci(0.95, method="wilson")
    assert wilson(part, whole) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_wilson_is_newcombes(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17:857, 1998, table I, method 3."""
    assert tuple(round(end, 4) for end in wilson(part, whole)) == (low, high)


def test_the_design_effects_of_rao_and_scott() -> None:
    """As the R package PF prints them for Table 1 of Rao and Scott 1992."""
    assert design_effect(*CONTROL) == pytest.approx(1.232495, abs=5e-7)
    assert design_effect(*TREATED) == pytest.approx(3.952861, abs=5e-7)


def test_the_design_effect_by_hand() -> None:
    # p = 1/2; residuals 1, -1: variance 2/1 * 2 / 16 = 1/4; of 4 images 1/16.
    assert design_effect([2, 0], [2, 2]) == pytest.approx(4)
    assert design_effect([0, 0], [1, 3]) == pytest.approx(10 / 4)  # all images taken as alike
    assert math.isnan(design_effect([1], [3]))


def test_an_image_per_patient_gives_wilsons_own_interval() -> None:
    found = proportion((1,) * 7 + (0,) * 5, (1,) * 12)
    assert (found.whole, found.patients, found.effective) == (12, 12, 12)
    assert found.interval == pytest.approx(wilson(7, 12))


def test_equal_images_of_a_patient_tell_as_much_as_one() -> None:
    single = proportion((1,) * 20 + (0,) * 20, (1,) * 40)
    double = proportion((2,) * 20 + (0,) * 20, (2,) * 40)
    assert (double.part, double.whole, double.patients) == (40, 80, 40)
    width = double.interval[1] - double.interval[0]
    assert width == pytest.approx(single.interval[1] - single.interval[0], rel=0.05)
    assert width > 1.3 * (wilson(40, 80)[1] - wilson(40, 80)[0])


def test_the_effective_number_of_images_is_by_design_effect_and_number_of_patients() -> None:
    """Of Rao and Scott's 145 treated pups in 16 litters; Student's limit for 15 degrees of freedom
    is 2.1314, the normal one 1.9600."""
    expected = 145 / 3.952861 * (1.959964 / 2.131450) ** 2
    assert proportion(*TREATED).effective == pytest.approx(expected, rel=1e-6)


def test_images_that_differ_within_patients_are_not_worth_more_than_their_number() -> None:
    found = proportion((1,) * 12, (2,) * 12)  # one of two in every patient: no spread at all
    # Student's limit for 11 degrees of freedom over the normal one
    assert found.effective == pytest.approx(24 * (1.959964 / 2.200985) ** 2)
    low, high = found.interval
    assert low < 0.4
    assert high > 0.6


@pytest.mark.parametrize("p", [0.62, 0.85])
def test_the_interval_covers_with_unequal_clusters(p: float) -> None:
    """133 images of 70 patients whose images resemble each other (beta-binomial, correlation 0.5):
    Wilson's interval of the images covers far less than its 95 %."""
    sizes = np.array([1] * 40 + [2] * 15 + [3] * 6 + [4] * 5 + [5] * 2 + [7, 8])
    assert (len(sizes), sizes.sum()) == (70, 133)
    rng = np.random.default_rng(7)
    runs = 600
    by_patient = by_image = 0
    for _ in range(runs):
        parts = rng.binomial(sizes, rng.beta(p, 1 - p, len(sizes)))
        low, high = proportion(tuple(parts), tuple(sizes)).interval
        by_patient += low <= p <= high
        low, high = wilson(parts.sum(), sizes.sum())
        by_image += low <= p <= high
    assert 0.92 < by_patient / runs < 0.975
    assert by_image / runs < 0.89


@pytest.mark.parametrize("part", [0, 30])
def test_none_or_all_of_few_patients_is_not_certain(part: int) -> None:
    found = proportion((part // 10,) * 10, (3,) * 10)
    low, high = found.interval
    assert (low, high)[part > 0] == found.value
    assert high - low > 0.27  # Wilson's of ten independent images is 0.278 wide, of thirty 0.114


def test_below_ten_patients_there_is_no_interval() -> None:
    found = proportion((2,) * 9, (4,) * 9)
    assert all(math.isnan(end) for end in found.interval)
    assert (found.count, found.percent) == ("18 / 36", "50.0 % (-)")


def test_count_and_percent_texts() -> None:
    found = proportion((1,) * 6 + (0,) * 6, (1,) * 12)
    assert (found.count, found.percent) == ("6 / 12", "50.0 % (25.4 to 74.6)")


def test_proportion_of_an_empty_set_is_nan() -> None:
    nothing = Proportion.of([], [])
    assert math.isnan(nothing.value)
    assert all(math.isnan(end) for end in nothing.interval)
    assert (nothing.count, nothing.percent) == ("0 / 0", "-")

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.study.realism.pictures import disc, half_disc, power_law
from xai_core.study.realism.measure import REGION, exponent, region_exponent


@pytest.mark.parametrize("truth", [1.5, 1.9, 2.5, 3.0, 3.5])
def test_a_power_law_field_gives_its_exponent(truth: float) -> None:
    for seed in (0, 1):
        grey = 100 + 20 * power_law(truth, seed)
        assert exponent(half_disc(grey=grey)) == pytest.approx(truth, abs=0.15)


def test_brightness_and_contrast_do_not_matter() -> None:
    region = power_law(2.5, 3, REGION)
    assert region_exponent(7 * region + 90) == pytest.approx(region_exponent(region), abs=1e-3)


def test_what_lies_outside_the_breast_does_not_matter() -> None:
    square = half_disc(grey=100 + 20 * power_law(2.5, 4))
    outside = half_disc(grey=np.where(square.breast, square.grey, 255 * power_law(0, 5)))
    assert exponent(outside) == exponent(square)


def test_no_region_or_no_texture_has_no_exponent() -> None:
    assert math.isnan(exponent(half_disc(breast=disc(60, 256, 60))))
    assert math.isnan(exponent(half_disc()))
    assert math.isnan(region_exponent(np.full((REGION, REGION), 9, np.float32)))

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.study.realism.pictures import disc, half_disc, power_law
from xai_core.study.realism.measure import PATCH, patch_exponent, spectrum_exponent


@pytest.mark.parametrize("truth", [1.5, 1.9, 2.5, 3.0, 3.5])
def test_a_power_law_field_gives_its_exponent(truth: float) -> None:
    for seed in (0, 1):
        grey = 100 + 20 * power_law(truth, seed)
        assert spectrum_exponent(half_disc(grey=grey)) == pytest.approx(truth, abs=0.15)


def test_exponent_does_not_depend_on_brightness_and_contrast() -> None:
    patch = power_law(2.5, 3, PATCH)
    assert patch_exponent(7 * patch + 90) == pytest.approx(patch_exponent(patch), abs=1e-3)


def test_exponent_does_not_depend_on_pixels_outside_the_breast() -> None:
    square = half_disc(grey=100 + 20 * power_law(2.5, 4))
    outside = half_disc(grey=np.where(square.breast, square.grey, 255 * power_law(0, 5)))
    assert spectrum_exponent(outside) == spectrum_exponent(square)


def test_exponent_without_patches_or_texture_is_nan() -> None:
    assert math.isnan(spectrum_exponent(half_disc(breast=disc(60, 256, 60))))
    assert math.isnan(spectrum_exponent(half_disc()))
    assert math.isnan(patch_exponent(np.full((PATCH, PATCH), 9, np.float32)))

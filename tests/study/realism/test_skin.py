from __future__ import annotations

import math

import numpy as np
import pytest

from tests.study.realism.pictures import COLUMNS, RADIUS, ROWS, disc, half_disc
from xai_core.study.realism.measure import DEPTHS, SIZE, skin_depth, skin_profile

FROM_CENTRE = np.hypot(COLUMNS, ROWS - SIZE // 2)


def test_depth_is_measured_from_the_skin_only() -> None:
    square = half_disc()
    depth = skin_depth(square)
    # Not from the picture's border at the left, where the breast goes on.
    np.testing.assert_allclose(depth[square.breast], (RADIUS - FROM_CENTRE)[square.breast], atol=1)
    assert np.isinf(depth[~square.breast]).all()
    assert depth.min() == 0


def test_black_at_the_chest_wall_is_not_skin() -> None:
    whole = half_disc()
    strip = half_disc(breast=whole.breast & (COLUMNS >= 6))
    inside = strip.breast & (ROWS > 60) & (ROWS < SIZE - 60)
    np.testing.assert_allclose(skin_depth(strip)[inside], skin_depth(whole)[inside], atol=1)


def test_padding_is_not_skin() -> None:
    # A breast as high as the picture, cut off above and below; the picture is 512 x 300 px.
    breast = COLUMNS < 250
    square = half_disc(breast=breast, shown=(SIZE, 300))
    np.testing.assert_allclose(skin_depth(square)[breast], (249 - COLUMNS)[breast])
    assert np.isinf(skin_depth(half_disc(breast=breast, shown=(SIZE, 250)))).all()


def test_the_profile_is_the_grey_of_each_depth_in_the_middle() -> None:
    square = half_disc()
    depth = skin_depth(square)
    ramp = np.where(square.breast, 2 * depth + 10, 0).astype(np.float32)
    profile = skin_profile(half_disc(grey=ramp), depth)
    for px in DEPTHS:
        assert profile[px] == pytest.approx(2 * px + 10, abs=0.6)


def test_profile_uses_only_the_middle_rows() -> None:
    square = half_disc()
    away = np.abs(ROWS - SIZE // 2) > 0.11 * 2 * RADIUS
    grey = np.where(away, 255, square.grey).astype(np.float32)
    profile = skin_profile(half_disc(grey=grey), skin_depth(square))
    assert all(value == pytest.approx(100) for value in profile.values())


def test_profile_is_nan_deeper_than_the_breast() -> None:
    square = half_disc(breast=disc(0, 256, 40))
    profile = skin_profile(square, skin_depth(square))
    assert math.isnan(profile[59])
    assert profile[30] == pytest.approx(100)

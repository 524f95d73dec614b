"""Segmentation of the breast, used for the network's crop, realism and the pointing game."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.preprocessing.breast import (
    AIR,
    AIR_GREY_LEVELS,
    bounding_box,
    breast_box,
    breast_mask,
    largest_region,
)


def picture(h: int, w: int, box: tuple[int, int, int, int]) -> np.ndarray:
    image = np.zeros((h, w), np.float32)
    x0, y0, x1, y1 = box
    image[y0:y1, x0:x1] = 0.5
    return image


def test_breast_box_ignores_a_label_in_the_air() -> None:
    image = picture(100, 80, (0, 10, 50, 90))
    image[2:6, 70:76] = 1.0  # a marker
    assert breast_box(image) == (0, 10, 50, 90)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_breast_box_of_a_constant_picture_is_the_whole_picture(value: float) -> None:
    assert breast_box(np.full((40, 60), value, np.float32)) == (0, 0, 60, 40)


def test_region_below_1_percent_is_ignored() -> None:
    image = np.zeros((100, 100), np.float32)
    image[50, 50] = 1
    assert breast_box(image) == (0, 0, 100, 100)


def test_the_mask_is_the_largest_region_without_holes() -> None:
    image = picture(100, 80, (0, 10, 50, 90))
    image[2:6, 70:76] = 1.0  # a marker
    image[40:45, 20:25] = 0.0
    expected = np.zeros((100, 80), bool)
    expected[10:90, 0:50] = True
    np.testing.assert_array_equal(breast_mask(image), expected)
    np.testing.assert_array_equal(
        breast_mask(image * np.float32(255), air=AIR_GREY_LEVELS), expected
    )
    assert not largest_region(image > AIR)[42, 22]


def test_air_ends_between_five_and_six_grey_levels() -> None:
    five, six = (np.full((8, 8), grey / 255, np.float32) for grey in (5, 6))
    assert not breast_mask(five).any()
    assert breast_mask(six).all()


@pytest.mark.parametrize(("grey", "is_breast"), [(5.49, False), (5.5, False), (5.51, True)])
def test_air_ends_above_its_threshold_in_grey_levels_and_in_0_to_1(
    grey: float, is_breast: bool
) -> None:
    levels = np.full((8, 8), grey)
    assert breast_mask(levels, air=AIR_GREY_LEVELS).all() == is_breast
    assert breast_mask(levels / 255).all() == is_breast


def test_pixels_as_bright_as_air_may_be_do_not_belong_to_the_breast() -> None:
    image = picture(100, 80, (20, 10, 50, 90)).astype(np.float64)
    image[image == 0] = AIR
    assert breast_box(image) == (20, 10, 50, 90)


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((30, 40, 41, 49), (0, 0, 100, 100)),  # 99 pixels of 10 000
        ((30, 40, 40, 50), (30, 40, 40, 50)),  # 100
        ((5, 60, 15, 72), (5, 60, 15, 72)),  # 120
    ],
)
def test_a_breast_takes_at_least_1_percent_of_the_picture(
    box: tuple[int, int, int, int], found: tuple[int, int, int, int]
) -> None:
    assert breast_box(picture(100, 100, box)) == found


def test_the_first_of_two_equally_large_regions_is_taken() -> None:
    inside = np.zeros((6, 9), bool)
    inside[0:2, 6:9] = inside[4:6, 0:3] = True
    expected = np.zeros((6, 9), bool)
    expected[0:2, 6:9] = True
    np.testing.assert_array_equal(largest_region(inside), expected)


def test_regions_are_4_connected() -> None:
    inside = np.zeros((4, 4), bool)
    inside[:2, :2] = inside[2:, 2:] = True
    inside[3, 1] = inside[3, 0] = True
    expected = np.zeros((4, 4), bool)
    expected[2:, 2:] = expected[3, :2] = True
    np.testing.assert_array_equal(largest_region(inside), expected)


def test_empty_mask_has_an_empty_box() -> None:
    nothing = np.zeros((3, 5), bool)
    assert bounding_box(nothing) == (0, 0, 0, 0)
    assert not largest_region(nothing).any()

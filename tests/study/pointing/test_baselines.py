from __future__ import annotations

import numpy as np
import pytest

from xai_core.study.pointing import breast_of, brightness_map, centre_map, chance


def half(size: int = 100) -> np.ndarray:
    """A breast that fills the left half."""
    grey = np.zeros((size, size), np.float32)
    grey[:, : size // 2] = 0.3
    return grey


def test_breast_is_the_largest_region_with_holes_filled() -> None:
    grey = half()
    grey[40:45, 20:25] = 0  # a hole
    grey[:3, 97:] = 1  # a label
    breast = breast_of(grey)
    assert breast[:, :50].all()
    assert not breast[:, 50:].any()
    assert breast_of(np.zeros((9, 9), np.float32)).all()


def test_chance_is_the_share_of_the_breast_that_a_hit_may_fall_on() -> None:
    marked = np.zeros((100, 100), bool)
    marked[50, 20] = True
    found = chance(marked, breast_of(half()))
    y, x = np.mgrid[:100, :100]
    disc = np.hypot(y - 50, x - 20) <= 15
    assert found.within == pytest.approx(disc.sum() / 5000)
    assert found.inside == pytest.approx(1 / 5000)


def test_chance_counts_pixels_of_the_breast_only() -> None:
    marked = np.zeros((100, 100), bool)
    marked[:, 45:55] = True  # half of it beside the breast
    found = chance(marked, breast_of(half()))
    assert found.within == pytest.approx(20 / 50)
    assert found.inside == pytest.approx(5 / 50)


def test_the_centre_is_the_centroid() -> None:
    values = centre_map(breast_of(half(101)))
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert (row, column) == (50, 24)
    assert values.sum() == 1


def test_the_brightest_spot_is_broad_and_inside_the_breast() -> None:
    grey = half()
    grey[5, 5] = 1  # a single bright pixel is smoothed away
    grey[60:80, 10:30] = 0.8
    grey[20:40, 70:95] = 1  # brighter, but not connected to the breast
    breast = breast_of(grey)
    values = brightness_map(grey, breast)
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert abs(row - 69.5) <= 1
    assert abs(column - 19.5) <= 1
    assert not values[~breast].any()

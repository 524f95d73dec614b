from __future__ import annotations

import numpy as np
import pytest

from xai_core.study.pointing import breast_of, brightness_map, centre_map, chance, overlap


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


def test_overlap_worked_by_hand() -> None:
    """Heat 3, 1, 2, 0 on the breast's four pixels, of which the first and the last are marked.

    Half of the heat is marked.  By falling heat the precision is 1, 1/2, 1/3, 1/2; recall rises by
    a half at the first and at the fourth: 1/2 + 1/4.
    """
    values = np.array([[3, 1], [2, 0], [9, 9]], np.float32)
    marked = np.array([[True, False], [False, True], [False, False]])
    breast = np.array([[True, True], [True, True], [False, False]])
    found = overlap(values, marked, breast)
    assert found.heat_inside == pytest.approx(0.5)
    assert found.average_precision == pytest.approx(0.75)


def test_overlap_of_a_map_that_shows_nothing_is_the_marked_share() -> None:
    marked = np.array([[True, False], [False, False]])
    found = overlap(np.zeros((2, 2), np.float32), marked, np.ones((2, 2), bool))
    assert (found.heat_inside, found.average_precision) == (0.25, 0.25)

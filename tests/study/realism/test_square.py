from __future__ import annotations

import numpy as np
import pytest

from xai_core.study.realism.measure import SIZE, to_square

# A breast of 300 x 60 px at the left of a picture of 400 x 200 px, with a label in the air.
IMAGE = np.zeros((400, 200), np.float32)
IMAGE[50:350, :60] = 0.4
IMAGE[20:30, 150:160] = 1
MASK = np.zeros(IMAGE.shape, bool)
MASK[100:150, 10:40] = True


def test_longer_side_fills_the_square_and_the_rest_is_black() -> None:
    square = to_square(IMAGE, MASK, "L")
    assert square.grey.shape == square.breast.shape == (SIZE, SIZE)
    assert square.shown == (512, 256)
    assert not square.grey[:, 256:].any()
    x0, y0, x1, y1 = square.box
    assert (x0, y0, x1, y1) == pytest.approx((0, 64, 77, 448), abs=2)
    assert square.breast.mean() == pytest.approx(300 * 60 / 400**2, rel=0.03)
    assert np.median(square.grey[square.breast]) == pytest.approx(0.4 * 255)


@pytest.mark.parametrize("shape", [(40, 20), (1024, 800), (300, 512), (512, 512)])
def test_pictures_of_any_shape_fit_the_square(shape: tuple[int, int]) -> None:
    square = to_square(np.full(shape, 0.5, np.float32), None, None)
    assert max(square.shown) == SIZE
    assert square.shown[0] / square.shown[1] == pytest.approx(shape[0] / shape[1], rel=0.01)
    assert square.breast.sum() == square.shown[0] * square.shown[1]


@pytest.mark.parametrize("laterality", ["R", None])
def test_a_right_breast_is_mirrored(laterality: str | None) -> None:
    left, right = to_square(IMAGE, MASK, "L"), to_square(IMAGE[:, ::-1], MASK[:, ::-1], laterality)
    assert left.marked is not None
    assert right.marked is not None
    np.testing.assert_allclose(right.grey, left.grey, atol=1e-3)
    np.testing.assert_array_equal(right.breast, left.breast)
    np.testing.assert_array_equal(right.marked, left.marked)


def test_marked_pixels_outside_the_breast_are_ignored() -> None:
    outside = np.zeros(IMAGE.shape, bool)
    outside[:, 100:] = True
    assert to_square(IMAGE, outside, "L").marked is None
    both = to_square(IMAGE, MASK | outside, "L").marked
    assert both is not None
    assert both[:, :100].any()
    assert not both[:, 100:].any()


def test_black_picture_has_an_empty_box() -> None:
    assert to_square(np.zeros((8, 8), np.float32), None, "L").box == (0, 0, 0, 0)

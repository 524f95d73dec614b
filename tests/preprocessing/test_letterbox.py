"""The mapping to the network's grid and back is exact, for any shape and position of a breast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_core.preprocessing.letterbox import Geometry, fit, letterbox, letterbox_mask


def picture(h: int, w: int, box: tuple[int, int, int, int]) -> np.ndarray:
    image = np.zeros((h, w), np.float32)
    x0, y0, x1, y1 = box
    image[y0:y1, x0:x1] = 0.5
    return image


@settings(max_examples=40, deadline=None)
@given(
    st.integers(60, 300), st.integers(60, 300), st.floats(0, 0.4), st.floats(0, 0.4),
    st.floats(0.5, 1), st.floats(0.5, 1),
)  # fmt: skip
def test_to_case_inverts_to_network(
    h: int, w: int, fx: float, fy: float, gx: float, gy: float
) -> None:
    box = (
        int(fx * w),
        int(fy * h),
        max(int(gx * w), int(fx * w) + 5),
        max(int(gy * h), int(fy * h) + 5),
    )
    geometry = fit(picture(h, w, box), 384)
    assert geometry.crop == box
    x, y = geometry.to_network(np.array([box[0], box[2]]), np.array([box[1], box[3]]))
    assert x.min() >= -1e-6
    assert y.min() >= -1e-6
    assert max(x.max(), y.max()) <= 384 + 1e-6
    # The longer side fills the square; one scale holds on both axes.
    assert max(x[1] - x[0], y[1] - y[0]) == pytest.approx(384)
    back = geometry.to_case(x, y)
    assert np.allclose(back, [[box[0], box[2]], [box[1], box[3]]])


def test_dot_is_mapped_to_the_network_and_back() -> None:
    image = picture(300, 200, (0, 20, 150, 280))
    image[100, 60] = 1.0
    geometry = fit(image, 384)
    network = letterbox(image, geometry)
    row, column = np.unravel_index(network.argmax(), network.shape)
    x, y = geometry.to_network(60.5, 100.5)
    assert abs(column + 0.5 - x) <= 1
    assert abs(row + 0.5 - y) <= 1
    heat = np.zeros((384, 384), np.float32)
    heat[row, column] = 1
    again = np.unravel_index(geometry.map_to_case(heat, image.shape).argmax(), image.shape)
    assert abs(again[0] - 100) <= 1
    assert abs(again[1] - 60) <= 1


def test_map_has_the_fill_value_outside_the_crop() -> None:
    image = picture(100, 100, (10, 10, 60, 90))
    out = fit(image, 384).map_to_case(np.ones((384, 384), np.float32), (100, 100), fill=-1)
    assert (out[10:90, 10:60] == 1).all()
    assert (out[:10] == -1).all()
    assert (out[:, 60:] == -1).all()


def test_letterboxed_mask_keeps_its_area_and_position() -> None:
    image = picture(256, 256, (0, 0, 256, 256))
    mask = np.zeros((256, 256), bool)
    mask[64:128, 64:128] = True
    out = letterbox_mask(mask, fit(image, 384))
    assert out.sum() == pytest.approx(64 * 64 * 1.5**2, rel=0.03)
    assert out[96:192, 96:192].mean() > 0.97


# A breast of 11 x 24 pixels that begins at (3, 5) in a case of 30 x 40.
TALL = picture(40, 30, (3, 5, 14, 29))
TALL[5:29, 3:14] += np.random.default_rng(0).uniform(0, 0.5, (24, 11)).astype(np.float32)


@pytest.mark.parametrize("wide", [False, True])
def test_breast_as_large_as_the_input_is_copied_to_its_centre(wide: bool) -> None:
    image = TALL.T if wide else TALL
    geometry = fit(image, 24)
    expected = np.zeros((24, 24), np.float32)
    expected[:, 6:17] = TALL[5:29, 3:14]  # 24 - 11 columns of padding: 6 and 7
    if wide:
        expected = expected.T
        assert geometry == Geometry((5, 3, 29, 14), 1.0, (0.0, 6.0), 24)
    else:
        assert geometry == Geometry((3, 5, 14, 29), 1.0, (6.0, 0.0), 24)
    np.testing.assert_allclose(letterbox(image, geometry), expected, atol=1e-6)


def test_the_manifest_gets_crop_scale_and_pad() -> None:
    assert fit(TALL, 48).as_json() == {"crop": [3, 5, 14, 29], "scale": 2.0, "pad": [12.0, 0.0]}


@pytest.mark.parametrize("size", [48, 24, 12])
def test_map_is_resampled_linearly_between_pixel_centres(size: int) -> None:
    geometry = fit(TALL, size)
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    scale, left = size / 24, 6 * size / 24
    for values, at, first, pad in (
        (columns, np.arange(3, 14), 3, left),
        (rows, range(5, 29), 5, 0),
    ):
        out = geometry.map_to_case(values + 10, (40, 30))[5:29, 3:14]
        # Pixel i covers [i, i + 1]; beyond the outermost centres of the map its edge goes on.
        expected = np.clip((np.array(at) + 0.5 - first) * scale + pad - 0.5, 0, size - 1) + 10
        along = out[0] if values is columns else out[:, 0]
        np.testing.assert_allclose(along, expected, rtol=1e-5)


def test_outside_the_crop_a_map_is_0() -> None:
    out = fit(TALL, 24).map_to_case(np.ones((24, 24), np.float32), (40, 30))
    assert out.sum() == 24 * 11
    assert (out[5:29, 3:14] == 1).all()


def test_pixel_of_which_half_is_marked_belongs_to_the_mask() -> None:
    whole = fit(np.ones((24, 24), np.float32), 12)
    stripes = np.zeros((24, 24), bool)
    stripes[:, ::2] = True
    assert letterbox_mask(stripes, whole)[:, 1:-1].all()
    stripes[12, 12] = False
    assert not letterbox_mask(stripes, whole)[6, 6]

"""The blurred baseline."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from xai_core.errors import BadRequest
from xai_core.faithfulness.baseline import blurred


def test_blur_is_scipys_gaussian_with_sigma_35_and_reflection() -> None:
    image = np.random.default_rng(0).random((384, 384), dtype=np.float32)
    out = blurred(image)
    expected = ndimage.gaussian_filter(image, 35, mode="reflect", truncate=4)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=1e-5)
    assert out.std() < 0.01 < image.std()


def test_constant_image_is_unchanged_by_blurring() -> None:
    for value in (0.0, 0.25, 1.0):
        np.testing.assert_allclose(blurred(np.full((96, 96), value, np.float32)), value)
        np.testing.assert_allclose(blurred(np.full((8, 8), value, np.float32), sigma=0.5), value)


def test_invalid_image_or_sigma_raises_bad_request() -> None:
    with pytest.raises(BadRequest, match="two axes"):
        blurred(np.zeros((3, 8, 8), np.float32))
    with pytest.raises(BadRequest, match="sigma is 0"):
        blurred(np.zeros((8, 8), np.float32), sigma=0)

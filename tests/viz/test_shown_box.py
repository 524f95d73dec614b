"""The part of a case that is shown."""

from __future__ import annotations

import numpy as np

from xai_core.preprocessing.letterbox import fit
from xai_core.viz.panel import shown_box


def _case() -> np.ndarray:
    """A bright breast in a dark picture."""
    image = np.zeros((600, 400), np.float32)
    image[100:500, 50:250] = 0.4
    return image


def test_the_networks_crop_is_shown_with_a_margin() -> None:
    image = _case()
    x0, y0, x1, y1 = shown_box((600, 400), fit(image, 384), None)
    assert (x0, y0, x1, y1) == (44, 94, 256, 506)


def test_the_box_covers_the_mask_and_stays_within_the_picture() -> None:
    image = _case()
    mask = np.zeros(image.shape, bool)
    mask[0:10, 300:310] = True  # marked outside the breast
    x0, y0, x1, y1 = shown_box((600, 400), fit(image, 384), mask)
    assert y0 == 0
    assert 310 <= x1 <= 400
    assert y1 <= 600
    assert x0 >= 0

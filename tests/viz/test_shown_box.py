"""What of a case is shown."""

from __future__ import annotations

import numpy as np

from xai_core.preprocessing.letterbox import fit
from xai_core.viz.panel import shown_box


def _case() -> np.ndarray:
    """A bright breast in a dark picture."""
    image = np.zeros((600, 400), np.float32)
    image[100:500, 50:250] = 0.4
    return image


def test_what_the_network_saw_is_shown_with_a_margin() -> None:
    image = _case()
    x0, y0, x1, y1 = shown_box((600, 400), fit(image, 384), None)
    assert (x0, y0, x1, y1) == (44, 94, 256, 506)


def test_what_is_marked_is_shown_too_and_nothing_beyond_the_picture() -> None:
    image = _case()
    mask = np.zeros(image.shape, bool)
    mask[0:10, 300:310] = True  # marked outside the breast
    x0, y0, x1, y1 = shown_box((600, 400), fit(image, 384), mask)
    assert y0 == 0
    assert 310 <= x1 <= 400
    assert y1 <= 600
    assert x0 >= 0

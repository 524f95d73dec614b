"""The map lies where the network saw it, whatever the screen's size."""

from __future__ import annotations

import numpy as np

from xai_core.model.geometry import fit, letterbox
from xai_core.viz.screen import screen_of


def _case() -> np.ndarray:
    """A bright breast in a dark picture, with one brighter square."""
    image = np.zeros((600, 400), np.float32)
    image[100:500, 50:250] = 0.4
    image[300:340, 150:190] = 1.0
    return image


def test_a_spot_seen_by_the_network_is_shown_where_it_lies_in_the_case() -> None:
    image = _case()
    geometry = fit(image, 384)
    seen = letterbox(image, geometry)
    screen = screen_of((600, 400), geometry, None, 500, 500)
    shown, heat = screen.image(image), screen.heat((seen > 0.7).astype(np.float32), geometry)
    spot = np.argwhere(shown > 0.7).mean(0)
    np.testing.assert_allclose(np.argwhere(heat > 0.5).mean(0), spot, atol=1.0)


def test_what_the_network_did_not_see_has_no_heat() -> None:
    image = _case()
    geometry = fit(image, 384)
    mask = np.zeros(image.shape, bool)
    mask[20:30, 300:310] = True  # marked outside the breast: still on the screen
    screen = screen_of((600, 400), geometry, mask, 500, 500)
    assert screen.box[1] <= 20
    assert screen.box[2] >= 310
    assert screen.mask(mask).any()
    heat = screen.heat(np.ones((384, 384), np.float32), geometry)
    assert heat[0, -1] == 0
    assert heat.max() == 1


def test_the_picture_keeps_the_cases_proportions_and_fits() -> None:
    image = _case()
    screen = screen_of((600, 400), fit(image, 384), None, 1000, 300)
    x0, y0, x1, y1 = screen.box
    assert screen.size[0] <= 1000
    assert screen.size[1] <= 300
    assert abs(screen.size[1] / screen.size[0] - (x1 - x0) / (y1 - y0)) < 0.01

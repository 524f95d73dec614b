"""Pictures: what shows through, where the outline lies, what a PNG holds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from xai_core.viz import colormap, pictures


def test_no_heat_leaves_the_image_untouched() -> None:
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    shown = pictures.overlay(image, np.zeros_like(image), 1.0)
    np.testing.assert_array_equal(shown, pictures.grey(image))


def test_full_heat_at_full_opacity_is_the_top_colour() -> None:
    image = np.zeros((4, 4), np.float32)
    shown = pictures.overlay(image, np.ones_like(image), 1.0)
    assert (shown == colormap.TABLE[255]).all()


def test_colour_covers_more_the_higher_the_heat() -> None:
    heat = np.linspace(0, 1, 11, dtype=np.float32)[None]
    black = pictures.overlay(np.zeros_like(heat), heat, 0.5).astype(int)
    white = pictures.overlay(np.ones_like(heat), heat, 0.5).astype(int)
    image_left = (white - black).mean(axis=-1)[0]
    assert (np.diff(image_left) <= 0).all()
    assert image_left[-1] == pytest.approx(127.5, abs=1)


def test_image_and_heat_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="must agree"):
        pictures.overlay(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))


def test_outline_is_two_pixels_wide_and_leaves_the_inside() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    shown = pictures.outline(np.zeros((20, 20, 3), np.uint8), mask, (255, 0, 0))
    row = shown[10, :, 0] > 0
    assert row.nonzero()[0].tolist() == [4, 5, 14, 15]


def test_outline_on_the_border_is_drawn_and_an_empty_mask_changes_nothing() -> None:
    rgb = np.zeros((6, 6, 3), np.uint8)
    assert pictures.outline(rgb, np.ones((6, 6), bool))[0, 0].tolist() == list(pictures.LESION)
    np.testing.assert_array_equal(pictures.outline(rgb, np.zeros((6, 6), bool)), rgb)


def test_resize_keeps_range_and_fit_keeps_proportions() -> None:
    image = np.random.default_rng(0).random((40, 20), dtype=np.float32)
    size = pictures.fit_size(image.shape, 100, 100)
    assert size == (100, 50)
    out = pictures.resize(image, size)
    assert out.shape == size
    assert 0 <= out.min() <= out.max() <= 1


def test_png_round_trip() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(pictures.to_png(rgb))) as read:
        np.testing.assert_array_equal(np.asarray(read), rgb)


def test_scale_gets_lighter_all_the_way() -> None:
    lightness = colormap.TABLE @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) >= 0).all()
    assert colormap.TABLE.shape == (256, 3)
    assert len(colormap.plotly_scale()) == 10

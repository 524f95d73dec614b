"""The overlay of a heatmap, PNG files and colour tables."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from xai_core.preprocessing.identity import array_tag
from xai_core.viz import colormap, pictures


def test_no_heat_leaves_the_image_untouched() -> None:
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    shown = pictures.overlay(image, np.zeros_like(image), 1.0)
    np.testing.assert_array_equal(shown, pictures.grey(image))


def test_full_heat_at_full_opacity_is_the_top_colour() -> None:
    image = np.zeros((4, 4), np.float32)
    shown = pictures.overlay(image, np.ones_like(image), 1.0)
    assert (shown == colormap.TABLE[255]).all()


def test_the_opacity_rises_with_the_heat() -> None:
    heat = np.linspace(0, 1, 11, dtype=np.float32)[None]
    black = pictures.overlay(np.zeros_like(heat), heat, 0.5).astype(int)
    white = pictures.overlay(np.ones_like(heat), heat, 0.5).astype(int)
    contrast = (white - black).mean(axis=-1)[0]  # what remains of the image's contrast
    assert (np.diff(contrast) <= 0).all()
    assert contrast[-1] == pytest.approx(127.5, abs=1)


def test_image_and_heat_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="must agree"):
        pictures.overlay(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))


def test_png_round_trip() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(pictures.to_png(rgb))) as read:
        np.testing.assert_array_equal(np.asarray(read), rgb)


@pytest.mark.parametrize("name", list(colormap.TABLES))
def test_the_lightness_of_every_table_rises_steadily(name: str) -> None:
    table = colormap.TABLES[name]
    lightness = table @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) >= -0.3).all()  # a channel may round down
    assert table.shape == (256, 3)


def test_the_default_table_comes_first() -> None:
    assert next(iter(colormap.TABLES.values())) is colormap.TABLE


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("Inferno", "4e4278c9a5f551af"),
        ("Viridis", "a110e78f6bd7f6c7"),
        ("Cividis", "b752ec7745823b20"),
    ],
)
def test_the_tables_are_unchanged(name: str, digest: str) -> None:
    assert array_tag(colormap.TABLES[name]) == digest


def test_the_diverging_table_is_grey_in_the_middle() -> None:
    spread = np.ptp(colormap.DIVERGING.astype(int), axis=1)
    assert spread[127] < 10 < min(spread[0], spread[255])

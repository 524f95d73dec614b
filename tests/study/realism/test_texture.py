"""Lines, their direction and borders, on pictures where they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.study.realism.pictures import COLUMNS, ROWS, disc, half_disc
from xai_core.study.realism.measure import EYE_KEYS, IMAGE_KEYS, measure_square, skin_depth
from xai_core.study.realism.texture import (
    SCALES,
    borders,
    coherence,
    lines,
    ridges,
    visible_share,
)

BREAST = half_disc().breast


def test_a_bright_line_is_a_ridge_and_a_dark_one_is_none() -> None:
    across = np.exp(-(((COLUMNS[:80, :80] - 40) / 2) ** 2))
    assert ridges(across, 2)[40, 40] > 0.3
    assert ridges(-across, 2)[40, 40] == 0
    spot = np.exp(-((COLUMNS[:80, :80] - 40) ** 2 + (ROWS[:80, :80] - 40) ** 2) / 8)
    assert ridges(across, 2)[40, 40] > ridges(spot, 2)[60, 60]


def test_parallel_stripes_are_coherent_and_noise_is_not() -> None:
    stripes = np.sin(COLUMNS / 3)
    noise = np.random.default_rng(0).standard_normal((512, 512)).astype(np.float32)
    assert coherence(stripes, 2)[100:400, 100:400].mean() > 0.95
    assert coherence(noise, 2)[100:400, 100:400].mean() < 0.35


def test_lines_of_stripes_do_not_depend_on_grey_or_contrast() -> None:
    stripes = np.sin(COLUMNS / 4)
    pale, strong = (lines((100 + k * stripes).astype(np.float32), BREAST) for k in (10.0, 60.0))
    for s in SCALES:
        assert pale[f"ridge{s}"] == pytest.approx(strong[f"ridge{s}"], rel=0.05)
        assert pale[f"coherence{s}"] > 0.9


def test_lacunarity_is_higher_where_lines_leave_gaps() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((512, 512))
    gaps = np.where((ROWS // 64 + COLUMNS // 64) % 2 == 0, noise, 0.02 * noise)
    even, patchy = (lines((100 + 8 * x).astype(np.float32), BREAST) for x in (noise, gaps))
    assert patchy["lacunarity"] > 2 * even["lacunarity"]


def test_a_rough_outline_and_skin_of_varying_width_are_told() -> None:
    smooth = half_disc()
    wave = 3 * np.sin(ROWS / 5)
    rough = half_disc(breast=np.hypot(COLUMNS + wave, ROWS - 256) <= 230)
    found = [borders(x.grey, skin_depth(x)) for x in (smooth, rough)]
    assert found[1]["outline"] > found[0]["outline"] + 0.8

    def with_skin(width: np.ndarray) -> float:
        depth = skin_depth(smooth)
        grey = np.where(np.isfinite(depth), np.where(depth < width, 150.0, 60.0), 0)
        return borders(grey.astype(np.float32), depth)["skin_spread"]

    even = with_skin(np.full_like(ROWS, 4.0))
    uneven = with_skin(3.5 + 2.5 * np.sin(ROWS / 40))
    assert uneven > even + 0.1


@pytest.mark.parametrize(("wide", "expected"), [(40, 1.0), (80, 0.25)])
def test_visible_share_is_that_of_the_bright_disc(wide: int, expected: float) -> None:
    bright, marked = disc(150, 256, 40), disc(150, 256, wide)
    grey = np.where(BREAST, np.where(bright, 180.0, 80.0), 0)
    ring = disc(150, 256, wide + 10) & ~marked
    found = visible_share(grey, marked, ring)
    if wide == 40:
        assert found == pytest.approx(expected, abs=0.12)
    else:
        assert found < 0.4
    assert math.isnan(visible_share(np.full((512, 512), 80.0), marked, ring))


def test_they_are_measured_of_every_picture_and_kept_apart() -> None:
    rng = np.random.default_rng(1)
    grey = np.where(BREAST, 100 + 10 * rng.standard_normal((512, 512)), 0).astype(np.float32)
    values = measure_square(half_disc(grey=grey))
    assert all(math.isfinite(values[key]) for key in EYE_KEYS)
    assert set(EYE_KEYS).isdisjoint(IMAGE_KEYS)
    small = np.zeros((512, 512), bool)
    small[:20, :20] = True
    assert math.isnan(lines(grey, small)["ridge1"])

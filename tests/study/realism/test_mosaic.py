from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cases.builders import make_library
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.study.realism.measure import LOW_ENERGY
from xai_core.study.realism.mosaic import HEIGHT, TILES, mosaic


def test_phantoms_stand_above_real_images(tmp_path: Path) -> None:
    source = PhantomLibrary(make_library(tmp_path / "library", 12))
    sides = [(source, source.records())] * 2
    one = mosaic(sides, [LOW_ENERGY])
    both = mosaic(sides)
    assert one.dtype == np.uint8
    assert one.shape[0] >= 2 * HEIGHT
    assert one.shape[1] % TILES == 0
    assert both.shape == (2 * one.shape[0], one.shape[1])
    np.testing.assert_array_equal(both[: len(one)], one)
    width = one.shape[1] // TILES
    assert all(one[20:HEIGHT, i * width : (i + 1) * width].any() for i in range(TILES))


def test_missing_cases_leave_tiles_empty(tmp_path: Path) -> None:
    source = PhantomLibrary(make_library(tmp_path / "library", 3))
    picture = mosaic([(source, source.records()[:2])] * 2, [LOW_ENERGY])
    width = picture.shape[1] // TILES
    assert picture[:, : 2 * width].any()
    assert not picture[:, 2 * width :].any()

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cases.builders import make_library
from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.study.realism.measure import LOW_ENERGY
from xai_core.study.realism.mosaic import HEIGHT, MIXED, TILES, mixed, mosaic


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


def test_the_mixed_sheet_holds_both_sides_in_an_order_of_its_seed() -> None:
    sides = [
        (MemorySource([make_case(f"{name}{i}", i, is_phantom=name == "a") for i in range(12)]), 12)
        for name in "ab"
    ]
    given = [(source, source.records()) for source, _ in sides]
    picture, key = mixed(given, 3, [LOW_ENERGY])
    again, same = mixed(given, 3, [LOW_ENERGY])
    assert key == same
    assert np.array_equal(picture, again)
    assert len(key) == 2 * MIXED
    assert sum(name.startswith("phantom ") for name in key) == MIXED
    assert mixed(given, 4, [LOW_ENERGY])[1] != key
    assert picture.dtype == np.uint8
    assert picture.shape[0] == 2 * 512

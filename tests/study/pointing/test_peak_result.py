from __future__ import annotations

import numpy as np
import pytest

from xai_core.study.pointing import map_peak_result, peak_result
from xai_core.types import Heatmap, MapState


def spot(row: int, column: int, size: int = 60) -> np.ndarray:
    out = np.zeros((size, size), np.float32)
    out[row, column] = 1
    return out


MARKED = np.zeros((60, 60), bool)
MARKED[10:20, 10:20] = True


@pytest.mark.parametrize(
    ("row", "column", "distance", "hit"),
    [(15, 15, 0, True), (15, 34, 15, True), (15, 35, 16, False), (31, 28, 15, True)],
)
def test_a_hit_is_at_most_15_px_from_a_marked_pixel(
    row: int, column: int, distance: float, hit: bool
) -> None:
    found = peak_result(spot(row, column), MARKED)
    assert (found.peak, found.distance, found.hit) == ((row, column), distance, hit)
    assert found.has_peak


def test_map_without_a_peak_is_a_miss() -> None:
    raw = np.zeros((4, 4), np.float32)
    for state in (MapState.CONSTANT, MapState.NO_POSITIVE, MapState.NO_LEVEL):
        found = map_peak_result(Heatmap(raw, np.zeros((60, 60), np.float32), 0, state), MARKED)
        assert (found.state, found.peak, found.hit, found.has_peak) == (state, None, False, False)
    assert map_peak_result(Heatmap(raw, spot(15, 15), 1, MapState.OK), MARKED).hit
    assert not peak_result(np.zeros((60, 60), np.float32), MARKED).has_peak

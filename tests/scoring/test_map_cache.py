"""The raw-map cache: maps are computed once, stored as rows, and not stored if not finite."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.scoring.map_cache import RawMapCache


def test_map_is_computed_once_and_restored_from_rows() -> None:
    made = []

    def make() -> torch.Tensor:
        made.append(1)
        return torch.arange(9.0).reshape(3, 3) - 4

    maps = RawMapCache()
    first = maps.recall("grad-cam/1", make)
    second = maps.recall("grad-cam/1", make)
    third = RawMapCache(maps.rows()).recall("grad-cam/1", make)
    assert len(made) == 1
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    assert maps.get("grad-cam/0") is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_map_that_is_not_finite_is_returned_but_not_cached(bad: float) -> None:
    maps = RawMapCache()
    assert not torch.isfinite(maps.recall("m", lambda: torch.full((2, 2), bad))).any()
    assert maps.rows() == {}


def test_changing_a_returned_map_does_not_change_the_cache() -> None:
    maps = RawMapCache({"m": np.ones(4, np.float32)})
    found = maps.get("m")
    assert found is not None
    found += 1
    assert torch.equal(maps.recall("m", lambda: found), torch.ones(2, 2))

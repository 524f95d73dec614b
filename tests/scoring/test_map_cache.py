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


def test_a_map_that_is_not_square_is_not_cached() -> None:
    maps = RawMapCache()
    maps.put("m", torch.ones(2, 3))
    assert maps.rows() == {}
    maps.put("m", torch.ones(3, 3))
    assert maps.rows()["m"].shape == (9,)


def test_the_cache_keeps_its_own_read_only_float32_copy() -> None:
    given = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    maps = RawMapCache()
    found = maps.recall("m", lambda: given)
    assert (found.dtype, found.requires_grad) == (torch.float32, False)
    plain = torch.ones(2, 2)
    maps.put("n", plain)
    plain += 1
    row = maps.rows()["n"]
    assert row.tolist() == [1, 1, 1, 1]
    for one in (row, RawMapCache({"k": np.ones(4, np.float32)}).rows()["k"]):
        with pytest.raises(ValueError, match="read-only"):
            one[0] = 5

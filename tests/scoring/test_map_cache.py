"""Native maps: made once, kept as rows, never kept when damaged."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.scoring.map_cache import RawMapCache


def test_a_map_is_made_once_and_comes_back_from_its_row() -> None:
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
def test_a_damaged_map_is_given_and_not_kept(bad: float) -> None:
    maps = RawMapCache()
    assert not torch.isfinite(maps.recall("m", lambda: torch.full((2, 2), bad))).any()
    assert maps.rows() == {}


def test_what_is_given_can_be_changed_without_harm() -> None:
    maps = RawMapCache({"m": np.ones(4, np.float32)})
    found = maps.get("m")
    assert found is not None
    found += 1
    assert torch.equal(maps.recall("m", lambda: found), torch.ones(2, 2))

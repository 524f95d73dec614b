"""Normalisation of a raw map to [0, 1], and the states of maps that cannot be shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.cam.normalise import heatmap, is_constant, min_max, upsample
from xai_core.errors import ModelError
from xai_core.types import MapState


def test_heatmap_has_raw_values_scale_and_range_0_to_1() -> None:
    raw = torch.tensor([[-3.0, 2.0], [0.0, 4.0]])
    result = heatmap(raw, 2)
    assert result.state is MapState.OK
    assert result.raw.tolist() == raw.tolist()
    assert result.scale == 4.0
    np.testing.assert_allclose(result.values, [[0, 0.5], [0, 1]])


def test_relu_comes_before_upsampling() -> None:
    """Otherwise a strongly negative neighbour would reduce positive values."""
    result = heatmap(torch.tensor([[1.0, -100.0], [1.0, -100.0]]), 4)
    np.testing.assert_allclose(result.values[0], [1, 0.75, 0.25, 0])


def test_upsampling_is_bilinear_with_pixel_centres() -> None:
    out = upsample(torch.tensor([[[0.0, 1.0]] * 2]), 4)[0, 0]
    assert out.tolist() == [0, 0.25, 0.75, 1]
    corners = upsample(torch.tensor([[[0.0, 1.0]] * 2]), 4, align_corners=True)[0, 0]
    np.testing.assert_allclose(corners, [0, 1 / 3, 2 / 3, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (torch.full((3, 3), 2.5), MapState.CONSTANT),
        (torch.zeros(3, 3), MapState.CONSTANT),
        (torch.ones(1, 1), MapState.CONSTANT),
        (0.1 + 1e-9 * torch.arange(9.0).reshape(3, 3), MapState.CONSTANT),
        (-torch.arange(1.0, 10).reshape(3, 3), MapState.NO_POSITIVE),
        (-torch.arange(9.0).reshape(3, 3), MapState.NO_POSITIVE),
    ],
)
def test_map_without_positive_or_differing_values_is_0_with_a_state(
    raw: torch.Tensor, state: MapState
) -> None:
    result = heatmap(raw, 6)
    assert result.state is state
    assert result.values.shape == (6, 6)
    assert not result.values.any()
    assert result.scale == 0


@pytest.mark.parametrize(
    ("side", "cells", "state"),
    [
        (12, 4, MapState.NEARLY_EMPTY),
        (12, 5, MapState.OK),
        (24, 17, MapState.NEARLY_EMPTY),
        (24, 18, MapState.OK),
        (3, 1, MapState.OK),
    ],
)
def test_map_with_few_positive_cells_is_nearly_empty_and_ranked(
    side: int, cells: int, state: MapState
) -> None:
    raw = -torch.ones(side * side)
    raw[:cells] = torch.arange(1.0, cells + 1)
    result = heatmap(raw.reshape(side, side), 48)
    assert result.state is state
    assert result.state.ranked
    assert result.values.max() == 1


def test_only_maps_with_values_are_ranked() -> None:
    assert [state for state in MapState if state.ranked] == [MapState.OK, MapState.NEARLY_EMPTY]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_map_that_is_not_finite_raises_model_error(bad: float) -> None:
    raw = torch.ones(3, 3)
    raw[1, 1] = bad
    with pytest.raises(ModelError, match="not finite"):
        heatmap(raw, 6)


def test_min_max_works_per_map_and_a_constant_map_becomes_0() -> None:
    maps = torch.stack([torch.tensor([[1.0, 3.0]]), torch.tensor([[5.0, 5.0]])])
    assert min_max(maps).tolist() == [[[0, 1]], [[0, 0]]]
    assert is_constant(maps).tolist() == [False, True]

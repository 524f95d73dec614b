"""Eigen-CAM: hand-worked maps, the sign, constant layers, and the peer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.peers import assert_same_map, pytorch_grad_cam_maps
from xai_core.cam.eigen_cam import EigenCam, _sign, eigen_cam
from xai_core.cam.options import CamOptions
from xai_core.types import MapState, no_report

LAST_OF_STAGES = ["stages.2.blocks.8", "stages.3.blocks.2"]


def test_map_equals_the_hand_computed_one() -> None:
    """Centred, channel 1 is 3 p and channel 2 is 4 p with p = (-1, 1, 1, -1): the component is
    (3, 4) / 5, and the scores are 5 p."""
    p = torch.tensor([[-1.0, 1.0], [1.0, -1.0]])
    found = eigen_cam(torch.stack([3 * p + 10, 4 * p - 7]))
    torch.testing.assert_close(found, 5 * p.double())


def test_component_is_the_pattern_of_larger_variance() -> None:
    weak = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    strong = torch.tensor([[3.0, -3.0], [3.0, -3.0]])
    torch.testing.assert_close(eigen_cam(torch.stack([weak, strong])), strong.double())


@pytest.mark.parametrize("channels", [2, 9])  # either Gram matrix: 4 positions
def test_map_is_the_leading_singular_vector(channels) -> None:
    activation = torch.randn(channels, 2, 2, generator=torch.Generator().manual_seed(channels))
    samples = activation.double().flatten(1).T.numpy()
    centred = samples - samples.mean(0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, 0] * values[0]
    expected *= np.sign(expected @ samples.mean(1))
    np.testing.assert_allclose(eigen_cam(activation).flatten(), expected, atol=1e-12)


@pytest.mark.parametrize("channels", [2, 9])
def test_sign_follows_the_mean_activation(channels) -> None:
    """Turning every activation's sign turns the map's."""
    activation = torch.randn(channels, 2, 2, generator=torch.Generator().manual_seed(channels))
    mean = activation.double().mean(0)
    found = eigen_cam(activation)
    assert float((found * (mean - mean.mean())).sum()) > 0
    torch.testing.assert_close(eigen_cam(-activation), -found)


def test_without_correlation_the_value_of_largest_magnitude_is_positive() -> None:
    """Channels that cancel in the mean: both signs of the activation give the same map."""
    p = torch.tensor([[-3.0, 1.0], [1.0, 1.0]])
    for constant in (0.0, 0.1):  # 0.1: the mean is the same everywhere, and rounded
        activation = torch.stack([p + 0.5, -p, torch.full_like(p, constant)])
        torch.testing.assert_close(eigen_cam(activation), -(2**0.5) * p.double())
        torch.testing.assert_close(eigen_cam(activation.flip(0)), -(2**0.5) * p.double())
    tied = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])  # the first in reading order is positive
    for first in (tied, -tied):
        found = eigen_cam(torch.stack([first, -first]))
        torch.testing.assert_close(found, 2**0.5 * tied.double())


@pytest.mark.parametrize(("less", "sign"), [(0.9e-9, 1.0), (1.1e-9, -1.0)])
def test_magnitudes_count_as_equal_up_to_their_rounding(less: float, sign: float) -> None:
    """Then the first decides, which is positive; else the larger one, which is negative."""
    scores = torch.tensor([1 - less, -1.0], dtype=torch.float64)
    assert _sign(scores, torch.ones(2, 3, dtype=torch.float64)) == sign


@pytest.mark.parametrize("channels", [2, 9])
def test_a_scaled_activation_has_the_scaled_map(channels) -> None:
    activation = torch.randn(channels, 2, 2, generator=torch.Generator().manual_seed(channels))
    torch.testing.assert_close(eigen_cam(activation / 1024), eigen_cam(activation) / 1024)


@pytest.mark.parametrize("shape", [(3, 6, 6), (40, 6, 6), (3, 1, 1)])
def test_constant_activation_gives_the_state_constant(
    shape, small_net, x96, make_layer_inputs
) -> None:
    """Channels of different constants that float64 cannot average exactly."""
    values = torch.linspace(0.1, 0.7, shape[0])[:, None, None]
    activation = values.expand(shape).contiguous()
    assert not eigen_cam(activation).any()
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    constant = vars(layer_inputs) | {"activate": lambda: activation}
    result = EigenCam().compute(type(layer_inputs)(**constant), 1, CamOptions(), no_report)
    assert result.heatmap.state is MapState.CONSTANT
    assert result.heatmap.scale == 0


def test_needs_no_gradient_and_is_equal_for_both_classes(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")

    def never(target: int) -> torch.Tensor:
        raise AssertionError("no gradient is needed")

    without = type(layer_inputs)(**vars(layer_inputs) | {"gradient": never})
    maps = [EigenCam().compute(without, c, CamOptions(), no_report).heatmap for c in (0, 1)]
    np.testing.assert_array_equal(maps[0].raw, maps[1].raw)
    assert maps[0].state is MapState.OK
    assert abs(maps[0].raw.mean()) < 1e-6 * np.abs(maps[0].raw).max()
    assert list(layer_inputs.raw_maps.rows()) == ["eigen-cam"]
    assert layer_inputs.logit_cache.forwards == 0


@pytest.mark.parametrize("layer", LAST_OF_STAGES)
def test_oracle_8_agrees_with_pytorch_grad_cam_up_to_the_sign(
    real_net, x384, make_layer_inputs, layer
) -> None:
    from pytorch_grad_cam import EigenCAM

    ours = EigenCam().compute(make_layer_inputs(real_net, x384, layer), 1, CamOptions(), no_report)
    raw_map, _ = pytorch_grad_cam_maps(EigenCAM, real_net, x384, layer, 1)
    sign = np.sign((ours.heatmap.raw * raw_map).sum())
    assert_same_map(ours.heatmap.raw, sign * raw_map)

"""Grad-CAM++: hand-worked weights, the paper's formula without an eps, and the peer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.support.peers import assert_same_map, pytorch_grad_cam_maps
from xai_core.cam.grad_cam_plus_plus import (
    EPS,
    GradCamPlusPlus,
    channel_weights,
    grad_cam_plus_plus,
)
from xai_core.cam.options import CamOptions
from xai_core.types import no_report

LAST_OF_STAGES = ["stages.2.blocks.8", "stages.3.blocks.2"]


def test_map_equals_the_hand_computed_one() -> None:
    """Channel 1 sums to 10: alpha is 1 / (2 + 10 g), so g = 0.8 gives 0.1 and g = 0.3 gives 0.2.
    Channel 2 sums to 2: g = 1 gives 1/4; its negative gradients do not count."""
    activation = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]])
    gradient = torch.tensor([[[0.8, 0.0], [0.3, 0.0]], [[1.0, -1.0], [-3.0, 0.0]]])
    weights = channel_weights(activation, gradient)
    assert weights.tolist() == pytest.approx([0.8 * 0.1 + 0.3 * 0.2, 0.25])
    expected = [0.14 + 0.25, 2 * 0.14, 3 * 0.14, 4 * 0.14 + 0.25]
    assert grad_cam_plus_plus(activation, gradient).flatten().tolist() == pytest.approx(expected)


def test_weights_are_0_without_positive_gradients() -> None:
    activation = torch.ones(1, 2, 2)
    assert channel_weights(activation, torch.zeros(1, 2, 2)).tolist() == [0]
    # sum(A) g = -2: the denominator of alpha is 0 but for eps, where nothing counts anyway
    assert channel_weights(activation, torch.full((1, 2, 2), -0.5)).tolist() == [0]


@pytest.mark.parametrize("layer", LAST_OF_STAGES)
@pytest.mark.parametrize("smaller", [1.0, 1e-6])
def test_eps_does_not_change_the_papers_formula(
    real_net, x384, make_layer_inputs, layer, smaller
) -> None:
    """alpha = 1 / (2 + sum(A) g), also with gradients as small as a trained network's."""
    layer_inputs = make_layer_inputs(real_net, x384, layer)
    scaled = dataclasses.replace(
        layer_inputs, gradient=lambda c: layer_inputs.gradient(c) * smaller
    )
    a, g = (t.double().numpy() for t in (layer_inputs.activation, scaled.gradient(1)))
    positive = np.where(g > 0, g / (2 + a.sum((1, 2), keepdims=True) * g), 0)
    expected = np.einsum("k,khw->hw", positive.sum((1, 2)), a)
    ours = GradCamPlusPlus().compute(scaled, 1, CamOptions(), no_report)
    assert_same_map(ours.heatmap.raw, expected, rtol=1e-6)


def test_conventions_state_the_eps_and_the_score() -> None:
    conventions = GradCamPlusPlus().conventions(CamOptions())
    assert f"{EPS:g}" in conventions["alpha"]
    assert "exponential" in conventions["score"]


def test_needs_no_forward_pass(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    assert GradCamPlusPlus().compute(layer_inputs, 1, CamOptions(), no_report).forward_passes == 0
    assert layer_inputs.logit_cache.forwards == 0
    assert list(layer_inputs.raw_maps.rows()) == ["grad-cam-plus-plus/1"]


@pytest.mark.parametrize("layer", LAST_OF_STAGES)
def test_oracle_8_agrees_with_pytorch_grad_cam_at_its_eps(
    real_net, x384, make_layer_inputs, layer
) -> None:
    from pytorch_grad_cam import GradCAMPlusPlus

    layer_inputs = make_layer_inputs(real_net, x384, layer)
    ours = grad_cam_plus_plus(layer_inputs.activation, layer_inputs.gradient(1), eps=1e-6)
    raw_map, _ = pytorch_grad_cam_maps(GradCAMPlusPlus, real_net, x384, layer, 1)
    assert_same_map(ours.numpy(), raw_map)

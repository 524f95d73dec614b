"""LayerCAM: a hand-worked map, what the last layer implies, and the peer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.peers import assert_same_map, pytorch_grad_cam_maps
from xai_core.cam.layer_cam import LayerCam, layer_cam
from xai_core.cam.options import CamOptions
from xai_core.types import no_report

LAST_OF_STAGES = ["stages.2.blocks.8", "stages.3.blocks.2"]


def test_map_equals_the_hand_computed_one() -> None:
    activation = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[-1.0, 5.0], [2.0, 1.0]]])
    gradient = torch.tensor([[[2.0, -1.0], [1.0, 0.0]], [[3.0, 1.0], [-2.0, -1.0]]])
    assert layer_cam(activation, gradient).tolist() == [[2 - 3, 5], [3, 0]]


def test_each_position_has_its_own_weight(small_net, x96, make_layer_inputs) -> None:
    """Moving the gradient of one position moves the map there and nowhere else."""
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    activation, gradient = layer_inputs.activation, layer_inputs.gradient(1)
    other = gradient.clone()
    other[:, 2, 3] *= -1
    changed = layer_cam(activation, other) != layer_cam(activation, gradient)
    assert changed.nonzero().tolist() == [[2, 3]]


def test_needs_no_forward_pass(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    assert LayerCam().compute(layer_inputs, 1, CamOptions(), no_report).forward_passes == 0
    assert layer_inputs.logit_cache.forwards == 0
    assert list(layer_inputs.raw_maps.rows()) == ["layer-cam/1"]


@pytest.mark.parametrize("layer", LAST_OF_STAGES)
def test_oracle_8_agrees_with_pytorch_grad_cam(real_net, x384, make_layer_inputs, layer) -> None:
    from pytorch_grad_cam import LayerCAM

    ours = LayerCam().compute(make_layer_inputs(real_net, x384, layer), 1, CamOptions(), no_report)
    raw_map, final = pytorch_grad_cam_maps(LayerCAM, real_net, x384, layer, 1)
    assert_same_map(ours.heatmap.raw, raw_map)
    np.testing.assert_allclose(ours.heatmap.values, final, atol=1e-5)

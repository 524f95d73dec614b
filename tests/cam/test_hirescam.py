"""HiResCAM: a hand-worked map, what the last stage implies, and the peer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.peers import assert_same_map, pytorch_grad_cam_maps
from xai_core.cam.class_score import ScoreOptions
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.hirescam import HiResCam, hirescam
from xai_core.types import MapState, no_report


def test_map_equals_the_hand_computed_one() -> None:
    activation = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[-1.0, 5.0], [2.0, 1.0]]])
    gradient = torch.tensor([[[2.0, -1.0], [1.0, 0.0]], [[3.0, 1.0], [-2.0, -1.0]]])
    assert hirescam(activation, gradient).tolist() == [[2 - 3, -2 + 5], [3 - 4, -1]]


def test_at_a_last_stage_whose_head_pools_it_is_grad_cam(real_net, x384, make_layer_inputs) -> None:
    """Pool -> LayerNorm -> linear: the gradient is the same at every position."""
    layer_inputs = make_layer_inputs(real_net, x384, "stages.3.blocks.2")
    ours, grad = (
        method.compute(layer_inputs, 1, ScoreOptions(), no_report).heatmap.raw
        for method in (HiResCam(), GradCam())
    )
    np.testing.assert_allclose(ours, grad, rtol=0, atol=1e-5 * np.abs(grad).max())


@pytest.mark.parametrize(
    ("net", "x", "layer"),
    [("real_net", "x384", "stages.2.blocks.8"), ("small_net", "x96", "stages.2.blocks.1")],
)
def test_before_a_layer_norm_it_is_nothing_and_no_rounding_is_shown(
    net, x, layer, make_layer_inputs, request
) -> None:
    """The gradient is orthogonal to each position's activations; the peer stretches what float32
    leaves of that to a map."""
    from pytorch_grad_cam import HiResCAM

    net, x = request.getfixturevalue(net), request.getfixturevalue(x)
    inputs = make_layer_inputs(net, x, layer)
    found = HiResCam().compute(inputs, 1, ScoreOptions(), no_report).heatmap
    assert found.state is MapState.CONSTANT
    assert not found.values.any()
    terms = float((inputs.gradient(1) * inputs.activation).abs().sum(0).max())
    raw_map, final = pytorch_grad_cam_maps(HiResCAM, net, x, layer, 1)
    assert 0 < np.abs(raw_map).max() < 1e-5 * terms
    assert final.max() > 0.9


def test_at_most_a_hundred_thousandth_of_the_terms_is_rounding() -> None:
    """One position's terms cancel; what the other's leave is just that share, or a step above."""
    for left, kept in ((1.0, False), (1.0001, True)):
        terms = torch.tensor([[[50_000, left]], [[-50_000, 0.0]]])
        assert bool(hirescam(terms, torch.ones_like(terms)).any()) is kept


@pytest.mark.parametrize("target", [0, 1])
def test_agrees_with_pytorch_grad_cam_where_gradients_differ_between_positions(x96, target) -> None:
    """A network whose head keeps positions apart: two convolutions and a linear layer."""
    from pytorch_grad_cam import HiResCAM

    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 5, 3, stride=16), nn.GELU(), nn.Conv2d(5, 4, 3), nn.GELU(), nn.Flatten(),
        nn.Linear(4 * 16, 2),
    ).eval()  # fmt: skip
    activation = network[:2](x96[None]).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(network[2:](activation)[0, target], activation)
    assert float(gradient.std((-2, -1)).min()) > 0
    ours = hirescam(activation[0].detach(), gradient[0]).numpy()
    raw_map, _ = pytorch_grad_cam_maps(HiResCAM, network, x96, "1", target)
    assert_same_map(ours, raw_map)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize(
    ("net", "x", "layer"),
    [
        ("real_net", "x384", "stages.3.blocks.2"),
        ("small_net", "x96", "stages.3.blocks.0"),
    ],
)
def test_agrees_with_pytorch_grad_cam(net, x, layer, target, make_layer_inputs, request) -> None:
    from pytorch_grad_cam import HiResCAM

    net, x = request.getfixturevalue(net), request.getfixturevalue(x)
    inputs = make_layer_inputs(net, x, layer)
    ours = HiResCam().compute(inputs, target, ScoreOptions(), no_report).heatmap
    raw_map, final = pytorch_grad_cam_maps(HiResCAM, net, x, layer, target)
    assert_same_map(ours.raw, raw_map)
    np.testing.assert_allclose(ours.values, final, atol=1e-4)

"""Grad-CAM: oracles 1 and 2, a hand-worked map, and the peer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.cam.class_score import ClassScore, ScoreOptions
from xai_core.cam.grad_cam import GradCam, grad_cam
from xai_core.cam.options import CamOptions
from xai_core.types import no_report


def test_map_equals_the_hand_computed_one() -> None:
    activation = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]])
    gradient = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[0.0, -8.0], [0.0, 0.0]]])  # means 1, -2
    assert grad_cam(activation, gradient).tolist() == [[-1, 2], [3, 2]]


def test_oracle_1_at_the_last_stage_the_signed_map_sums_to_zero(
    real_net, x384, make_layer_inputs
) -> None:
    """Pool -> LayerNorm -> linear: the gradient is constant over positions, and LayerNorm's
    gradient is orthogonal to its (centred) input, so nothing is left of the sum."""
    layer_inputs = make_layer_inputs(real_net, x384, "stages.3.blocks.2")
    gradient = layer_inputs.gradient(1)
    assert float((gradient - gradient[:, :1, :1]).abs().max()) < 1e-6 * float(gradient.abs().max())
    raw = GradCam().compute(layer_inputs, 1, CamOptions(), no_report).heatmap.raw.astype(np.float64)
    assert abs(raw.sum()) / np.abs(raw).sum() < 1e-5


@pytest.mark.parametrize("layer", ["stages.2.blocks.1", "stages.3.blocks.0"])
def test_oracle_2_maps_of_a_logit_difference_are_opposite(
    small_net, x96, make_layer_inputs, layer
) -> None:
    """The option's map of either class is that of autograd's gradient of the difference itself,
    taken through the network's own tail, and of pytorch-grad-cam with the difference as target."""
    from pytorch_grad_cam import GradCAM

    layer_inputs = make_layer_inputs(small_net, x96, layer)
    options = ScoreOptions(score=ClassScore.DIFFERENCE)
    signed = [GradCam().compute(layer_inputs, c, options, no_report).heatmap for c in (0, 1)]
    for c in (0, 1):
        leaf = layer_inputs.activation[None].clone().requires_grad_(True)
        logits = layer_inputs.tail(leaf)[0]
        (gradient,) = torch.autograd.grad(logits[c] - logits[1 - c], leaf)
        expected = grad_cam(layer_inputs.activation, gradient[0]).numpy()
        largest = np.abs(expected).max()
        np.testing.assert_allclose(signed[c].raw, expected, rtol=0, atol=1e-5 * largest)
        with GradCAM(small_net, [small_net.get_submodule(layer)]) as peer:
            target = lambda output, c=c: output[c] - output[1 - c]  # noqa: E731
            theirs = peer(x96[None].clone().requires_grad_(True), [target])[0]
        np.testing.assert_allclose(signed[c].values, theirs, atol=1e-4)
    np.testing.assert_allclose(
        signed[0].raw, -signed[1].raw, rtol=0, atol=1e-5 * np.abs(signed[1].raw).max()
    )


def test_needs_no_forward_pass_and_scale_is_in_logits(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    result = GradCam().compute(layer_inputs, 1, CamOptions(), no_report)
    assert result.forward_passes == 0
    assert layer_inputs.logit_cache.forwards == 0
    upsampled = torch.nn.functional.interpolate(
        torch.relu(torch.from_numpy(result.heatmap.raw.copy()))[None, None],
        (96, 96),
        mode="bilinear",
    )
    assert result.heatmap.scale == pytest.approx(float(upsampled.max()))


@pytest.mark.parametrize(
    ("net", "x", "layer"),
    [
        ("real_net", "x384", "stages.2.blocks.8"),
        ("small_net", "x96", "stages.2.blocks.1"),
        ("small_net", "x96", "stages.3.blocks.0"),
    ],
)
def test_oracle_8_agrees_with_pytorch_grad_cam(net, x, layer, make_layer_inputs, request) -> None:
    """Its conventions are ours: mean gradient, ReLU at the layer's resolution, pixel centres.
    It min-maxes before and after resizing, which is the same map: bilinear resizing is affine."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    net, x = request.getfixturevalue(net), request.getfixturevalue(x)
    ours = GradCam().compute(make_layer_inputs(net, x, layer), 1, CamOptions(), no_report)
    with GradCAM(net, [net.get_submodule(layer)]) as peer:
        theirs = peer(x[None].clone().requires_grad_(True), [ClassifierOutputTarget(1)])[0]
    np.testing.assert_allclose(ours.heatmap.values, theirs, atol=1e-4)

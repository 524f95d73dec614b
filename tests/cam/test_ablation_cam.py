"""Ablation-CAM: a hand-worked map, its cost, and the peer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from xai_core.cam.ablation_cam import AblationCam
from xai_core.cam.base import LayerInputs
from xai_core.cam.class_score import ScoreOptions
from xai_core.errors import Cancelled
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import no_report


def inputs_of(activation: torch.Tensor, tail, x: torch.Tensor, chunk: int = 8) -> LayerInputs:
    """Layer inputs whose scorer of images must not be asked."""

    def never(images: torch.Tensor) -> torch.Tensor:
        raise AssertionError("an image was scored")

    return LayerInputs(
        layer="hand",
        x=x,
        baseline=torch.zeros_like(x),
        black=torch.zeros_like(x),
        activate=lambda: activation,
        gradient=lambda c: torch.zeros_like(activation),
        classes=2,
        tail=tail,
        logit_cache=LogitCache(never, chunk),
    )


def test_map_equals_the_hand_computed_one() -> None:
    """Class 1 is twice the sum of channel 0 minus that of channel 1, class 0 a constant: switching
    channel 0 off loses 2 * 6 = 12, channel 1 gains 4.  The score is 8; it is not divided by."""
    activation = torch.tensor([[[1.0, 2.0], [3.0, 0.0]], [[4.0, 0.0], [0.0, 0.0]]])

    def tail(a: torch.Tensor) -> torch.Tensor:
        sums = a.sum((2, 3))
        return torch.stack([torch.full((len(a),), 5.0), 2 * sums[:, 0] - sums[:, 1]], 1)

    inputs = inputs_of(activation, tail, torch.zeros(1, 2, 2))
    result = AblationCam().compute(inputs, 1, ScoreOptions(), no_report)
    assert result.heatmap.raw.tolist() == [[12 - 4 * 4, 24], [36, 0]]
    assert result.forward_passes == inputs.logit_cache.forwards == 3
    other = AblationCam().compute(inputs, 0, ScoreOptions(), no_report)
    assert not other.heatmap.raw.any()
    assert inputs.logit_cache.forwards == 3
    difference = ScoreOptions(score="logit-difference")  # type: ignore[arg-type]
    lead = AblationCam().compute(inputs, 0, difference, no_report).heatmap.raw
    assert lead.tolist() == [[16 - 12, -24], [-36, 0]]


def test_the_activation_itself_is_not_changed(small_net, x96, make_layer_inputs) -> None:
    inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    before = inputs.activation.clone()
    AblationCam().compute(inputs, 1, ScoreOptions(), no_report)
    assert torch.equal(inputs.activation, before)


def test_channels_are_scored_in_chunks_and_kept_when_stopped(
    small_net, x96, make_layer_inputs
) -> None:
    inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1", chunk=10)
    seen = []

    def report(done, total, partial) -> None:
        seen.append((done, total))
        if done == 20:
            raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        AblationCam().compute(inputs, 1, ScoreOptions(), report)
    assert seen == [(10, 25), (20, 25)]
    AblationCam().compute(inputs, 1, ScoreOptions(), no_report)
    assert inputs.logit_cache.forwards == 25


@pytest.mark.parametrize("target", [0, 1])
def test_agrees_with_pytorch_grad_cam(target) -> None:
    """It zeroes a channel only where the layer's smallest activation is 0 (else it subtracts 1e7),
    so the layer here ends with a ReLU.  It divides by the score, which is positive here."""
    from pytorch_grad_cam import AblationCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    torch.manual_seed(0)
    head = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2, padding=1), nn.ReLU())
    tail = nn.Sequential(
        nn.Conv2d(6, 5, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(5, 2),
    )  # fmt: skip
    tail[-1].bias.data += 3.0
    network = nn.Sequential(head, tail).eval().requires_grad_(False)
    x = torch.randn(1, 16, 16)
    activation = head(x[None])[0]
    score = float(network(x[None])[0, target])
    assert float(activation.min()) == 0
    assert score > 0
    ours = AblationCam().compute(inputs_of(activation, tail, x), target, ScoreOptions(), no_report)
    with AblationCAM(network, [head]) as peer:
        theirs = peer(x[None], [ClassifierOutputTarget(target)])[0]
    assert ours.heatmap.values.max() == 1
    np.testing.assert_allclose(ours.heatmap.values, theirs, atol=1e-4)

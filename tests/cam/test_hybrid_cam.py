"""Hybrid-CAM: oracle 6, a hand-worked map, levels, ties, and the state without a level."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from xai_core.cam.base import LayerInputs
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.hybrid_cam import LEAST_GAIN, HybridCam, HybridCamOptions, level_weight, support
from xai_core.cam.normalise import min_max
from xai_core.cam.options import CamOptions
from xai_core.errors import BadRequest
from xai_core.scoring.logit_cache import BASELINE, INTACT, LogitCache
from xai_core.statistics.ranking import top_masks
from xai_core.types import PAPER_LEVELS, MapState, no_report


def by_hand(sign: float = 1.0, activation: torch.Tensor | None = None) -> LayerInputs:
    """A layer as large as the input, one channel, gradient 1: A is the min-max of the activation.
    Class 1 is ``sign`` times the sum of the pixels, 4 + 3 + 2 + 1 when all are shown."""
    a = torch.tensor([[[4.0, 2.0], [1.0, 0.0]]]) if activation is None else activation

    def scorer(images: torch.Tensor) -> torch.Tensor:
        total = sign * images.sum((1, 2, 3))
        return torch.stack([-total, total], 1)

    return LayerInputs(
        layer="hand",
        x=torch.tensor([[[4.0, 3.0], [2.0, 1.0]]]),
        baseline=torch.zeros(1, 2, 2),
        black=torch.zeros(1, 2, 2),
        activate=lambda: a,
        gradient=lambda c: torch.ones_like(a) * (1 if c == 1 else -1),
        classes=2,
        tail=lambda a: torch.zeros(len(a), 2),
        logit_cache=LogitCache(scorer),
    )


def test_map_equals_the_hand_computed_one() -> None:
    """A = [[1, .5], [.25, 0]]; the top 1, 2, 3, 4 pixels add 4, 7, 9, 10 to the logit."""
    layer_inputs = by_hand()
    result = HybridCam().compute(
        layer_inputs, 1, HybridCamOptions(levels=(25, 50, 75, 100)), no_report
    )
    w = [1 / np.sqrt(p) for p in (25, 50, 75, 100)]
    s2 = 9 * w[2] + 10 * w[3]
    s1 = s2 + 7 * w[1]
    s0 = s1 + 4 * w[0]
    assert [level.percent for level in result.levels] == [25, 50, 75, 100]
    assert [level.realised for level in result.levels] == [0.25, 0.5, 0.75, 1]
    assert [level.delta for level in result.levels] == [4, 7, 9, 10]
    assert result.heatmap.scale == pytest.approx(s0)
    expected = np.array([[1, 0.5 * s1 / s0], [0.25 * s2 / s0, 0]])
    np.testing.assert_allclose(result.heatmap.values, expected, rtol=1e-6)
    assert result.heatmap.raw.tolist() == [[4, 2], [1, 0]]
    assert result.forward_passes == layer_inputs.logit_cache.forwards == 5
    assert layer_inputs.logit_cache.known([BASELINE, INTACT]).all()


def test_map_of_the_benign_class_equals_the_hand_computed_one() -> None:
    """Class 0 is the opposite of the sum.  Its gradient is -1, so A is the min-max of the positive
    part of [[-4, 3], [0, 1]]: [[0, 1], [0, 1/3]].  The baseline's logit is -4.  The top pixel makes
    a 1 a -3, so the gain is 4; the second makes a 1 a 5, which takes the 4 away again; level 75 is
    the whole image, whose logit is -8."""
    result = HybridCam().compute(
        benign_by_hand(), 0, HybridCamOptions(levels=(25, 50, 75)), no_report
    )
    assert [level.delta for level in result.levels] == [4, 0, 0]
    assert [level.realised for level in result.levels] == [0.25, 0.5, 1]
    assert result.heatmap.scale == pytest.approx(4 / 5)
    assert result.heatmap.values.tolist() == [[0, 1], [0, 0]]
    malignant = HybridCam().compute(
        benign_by_hand(), 1, HybridCamOptions(levels=(25, 50)), no_report
    )
    # A is of [[4, -3], [0, -1]]: the top pixel adds 3; the rest is 0, so 50 % is the whole image.
    assert [level.delta for level in malignant.levels] == [3, 4]


def benign_by_hand() -> LayerInputs:
    """As :func:`by_hand`, with a baseline of ones and an activation of either sign."""
    return dataclasses.replace(
        by_hand(activation=torch.tensor([[[4.0, -3.0], [0.0, -1.0]]])),
        x=torch.tensor([[[4.0, -3.0], [2.0, 5.0]]]),
        baseline=torch.ones(1, 2, 2),
    )


def test_gain_of_a_level_that_lowers_the_score_is_0() -> None:
    result = HybridCam().compute(by_hand(-1.0), 1, HybridCamOptions(), no_report)
    assert result.heatmap.state is MapState.NO_LEVEL
    assert {level.delta for level in result.levels} == {0}
    assert not result.heatmap.values.any()
    assert result.heatmap.scale == 0


@pytest.mark.parametrize(("most", "state"), [(1.01e-3, MapState.OK), (0.99e-3, MapState.NO_LEVEL)])
def test_gains_below_the_floor_are_no_level(most: float, state: MapState) -> None:
    """The top 1 and 2 pixels add 4 and 7 times the scale.  Engines may differ by 1e-4."""
    options = HybridCamOptions(levels=(25, 50))
    result = HybridCam().compute(by_hand(most / 7), 1, options, no_report)
    assert [level.delta for level in result.levels] == pytest.approx([4 / 7 * most, most])
    assert result.heatmap.state is state
    assert LEAST_GAIN == 1e-3


def test_the_note_says_what_happens_where_grad_cam_is_0(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    grad = GradCam().compute(layer_inputs, 1, CamOptions(), no_report).heatmap.values
    hybrid = HybridCam().compute(layer_inputs, 1, HybridCamOptions(), no_report).heatmap
    assert hybrid.state is MapState.OK
    assert (grad == 0).any()
    assert not hybrid.values[grad == 0].any()
    assert "where Grad-CAM is 0, often most of the picture, stay 0" in HybridCam.note


@pytest.mark.parametrize(
    ("activation", "state"),
    [
        (torch.ones(1, 2, 2), MapState.CONSTANT),
        (-torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), MapState.NO_POSITIVE),
    ],
)
def test_no_image_is_scored_where_grad_cams_state_is_not_ok(activation, state) -> None:
    layer_inputs = by_hand(activation=activation)
    result = HybridCam().compute(layer_inputs, 1, HybridCamOptions(), no_report)
    assert result.heatmap.state is state
    assert result.levels == ()
    assert layer_inputs.logit_cache.forwards == 0


def test_levels_report_the_share_of_pixels_they_keep(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    result = HybridCam().compute(
        layer_inputs, 1, HybridCamOptions(levels=(1, 10, 50, 99)), no_report
    )
    a = GradCam().compute(layer_inputs, 1, CamOptions(), no_report).heatmap.values
    assert (a == 0).mean() > 0.05  # ReLU left zeros, so some level is the whole image
    for level in result.levels:
        exact = np.ceil(level.percent / 100 * a.size) / a.size
        assert level.realised >= exact - 1e-12
        # bilinear upsampling repeats the border's values, so a few pixels tie anywhere
        assert level.realised <= exact + 0.01 or level.realised == 1
    assert result.levels[-1].realised == 1


@pytest.mark.parametrize("layer", ["stages.2.blocks.1", "stages.3.blocks.0"])
@pytest.mark.parametrize("target", [0, 1])
def test_oracle_6_pixel_order_agrees_with_grad_cam(
    small_net, x96, make_layer_inputs, layer, target
) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, layer)
    result = HybridCam().compute(layer_inputs, target, HybridCamOptions(), no_report)
    a = GradCam().compute(layer_inputs, target, CamOptions(), no_report).heatmap.values
    if result.heatmap.state is not MapState.OK:
        assert result.heatmap.state is MapState.NO_LEVEL
        return
    order = np.argsort(a, axis=None, kind="stable")
    hybrid = result.heatmap.values.ravel()[order]
    assert (np.diff(hybrid) >= 0).all()


def test_oracle_6_percent_and_fraction_give_the_same_map() -> None:
    rng = np.random.default_rng(0)
    a = rng.random((48, 48), dtype=np.float32)
    masks = top_masks(a, PAPER_LEVELS)
    deltas = rng.random(len(PAPER_LEVELS))
    percent = support(masks, deltas, PAPER_LEVELS) * a
    fraction = support(masks, deltas, [p / 100 for p in PAPER_LEVELS]) * a
    torch.testing.assert_close(
        *(min_max(torch.from_numpy(product)[None]) for product in (percent, fraction))
    )
    assert level_weight(0.04) / level_weight(4) == pytest.approx(10)


def test_another_set_of_levels_scores_only_new_levels(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.2.blocks.1")
    dense = HybridCamOptions(levels=tuple(range(1, 31)))
    HybridCam().compute(layer_inputs, 1, dense, no_report)
    spent = layer_inputs.logit_cache.forwards
    few = HybridCam().compute(
        layer_inputs, 1, HybridCamOptions(levels=(2, 3, 5, 10, 20)), no_report
    )
    assert layer_inputs.logit_cache.forwards == spent
    assert few.forward_passes == 6
    alone = HybridCam().compute(
        make_layer_inputs(small_net, x96, "stages.2.blocks.1"),
        1,
        HybridCamOptions(levels=(2, 3, 5, 10, 20)),
        no_report,
    )
    np.testing.assert_allclose(few.heatmap.values, alone.heatmap.values, atol=1e-4)


def test_partial_maps_are_reported() -> None:
    seen = []
    layer_inputs = by_hand()
    layer_inputs = LayerInputs(
        **{**vars(layer_inputs), "logit_cache": LogitCache(layer_inputs.logit_cache._scorer, 2)}
    )
    HybridCam().compute(
        layer_inputs, 1, HybridCamOptions(levels=(25, 50, 75)), lambda *args: seen.append(args)
    )
    assert [(done, total) for done, total, _ in seen] == [(2, 4), (4, 4)]
    np.testing.assert_allclose(seen[0][2].values, [[1, 0], [0, 0]])


def test_levels_out_of_range_raise_bad_request() -> None:
    with pytest.raises(BadRequest, match="Area levels"):
        HybridCamOptions(levels=(0, 10))
    assert HybridCamOptions(levels=(10, 5, 5)).levels == (5, 10)

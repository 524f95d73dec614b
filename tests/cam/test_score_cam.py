"""Score-CAM: oracle 5, a hand-worked map, its options, and the peers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from xai_core.cam.base import LayerInputs
from xai_core.cam.masked_pixel import MaskedPixel
from xai_core.cam.score_cam import (
    Activations,
    MaskOrder,
    ScoreCam,
    ScoreCamOptions,
    channel_masks,
    channel_weights,
)
from xai_core.errors import BadRequest, Cancelled, ModelError
from xai_core.scoring.logit_cache import BASELINE, LogitCache
from xai_core.types import MapState, no_report

LAYER = "stages.2.blocks.1"


def by_hand(scorer, activation=None, chunk: int = 8) -> LayerInputs:
    """Three channels on a 2 x 2 input, the middle one constant; nothing is upsampled."""
    if activation is None:
        activation = torch.tensor(
            [[[-1.0, 1.0], [0.0, 1.0]], [[3.0, 3.0], [3.0, 3.0]], [[4.0, 2.0], [2.0, 2.0]]]
        )
    return LayerInputs(
        layer="hand",
        x=torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]),
        baseline=torch.full((1, 2, 2), 0.5),
        black=torch.full((1, 2, 2), -1.0),
        activate=lambda: activation,
        gradient=lambda c: torch.ones_like(activation),
        classes=2,
        tail=lambda a: torch.zeros(len(a), 2),
        logit_cache=LogitCache(scorer, chunk),
    )


def total(images: torch.Tensor) -> torch.Tensor:
    """Class 1 is the sum of the pixels, class 0 its opposite, both an eighth."""
    s = images.sum((1, 2, 3)) / 8
    return torch.stack([-s, s], 1)


@pytest.mark.parametrize(
    ("activations", "score", "first", "third"),
    [
        (Activations.RELU, 6, [[0, 1], [0, 1]], [[4, 2], [2, 2]]),
        (Activations.SIGNED, 7.5, [[-1, 1], [0, 1]], [[4, 2], [2, 2]]),
        (Activations.MIN_MAX, 7.5, [[0, 1], [0.5, 1]], [[1, 0], [0, 0]]),
    ],
)
def test_map_equals_the_hand_computed_one(activations, score, first, third) -> None:
    """Channel 0's mask is [[0, 1], [0, 1]] of its positive part, which shows 2 + 4 = 6, and
    [[0, 1], [.5, 1]] of its signed values, which shows 2 + 1.5 + 4 = 7.5.  Channel 2's is
    [[1, 0], [0, 0]], which shows 1.  The constant channel is skipped."""
    options = ScoreCamOptions(activations=activations)
    result = ScoreCam().compute(by_hand(total), 1, options, no_report)
    e0, e2 = np.exp(score / 8), np.exp(1 / 8)
    a0, a2 = e0 / (e0 + e2), e2 / (e0 + e2)
    np.testing.assert_allclose(result.extras["channel_weights"], [a0, 0, a2], rtol=1e-6)
    np.testing.assert_allclose(result.extras["channel_logits"][0], [-score / 8, score / 8])
    assert np.isnan(result.extras["channel_logits"][1]).all()
    expected = a0 * np.array(first) + a2 * np.array(third)
    np.testing.assert_allclose(result.heatmap.raw, expected, rtol=1e-6)
    assert result.forward_passes == 2
    assert ScoreCam().conventions(options)["activations"] == str(activations)


def test_the_default_is_the_positive_part_and_skips_channels_without_one() -> None:
    """A channel that is negative everywhere is 0 behind the ReLU, so constant: it is not scored."""
    assert ScoreCamOptions().activations is Activations.RELU
    below = torch.tensor([[[-1.0, -2.0], [-3.0, -1.0]], [[4.0, 2.0], [2.0, 2.0]]])
    result = ScoreCam().compute(by_hand(total, below), 1, ScoreCamOptions(), no_report)
    np.testing.assert_allclose(result.extras["channel_weights"], [0, 1])
    np.testing.assert_allclose(result.heatmap.raw, below[1])
    assert result.forward_passes == 1


def test_activations_that_are_negative_on_average_leave_a_map_behind_a_relu() -> None:
    """Two channels, each positive at one position and far below 0 elsewhere: their signed mean is
    negative everywhere, whatever the weights; the mean of the positive parts is not."""
    one = torch.full((2, 2, 2), -4.0)
    one[0, 0, 0] = one[1, 1, 1] = 1.0
    states = {
        kind: ScoreCam()
        .compute(by_hand(total, one), 1, ScoreCamOptions(activations=kind), no_report)
        .heatmap.state
        for kind in Activations
    }
    assert states == {
        Activations.RELU: MapState.OK,
        Activations.SIGNED: MapState.NO_POSITIVE,
        Activations.MIN_MAX: MapState.OK,
    }


def test_minus_infinity_is_refused_though_a_relu_would_hide_it() -> None:
    broken = torch.tensor([[[-torch.inf, 1.0], [0.0, 1.0]]])
    with pytest.raises(ModelError, match="not finite"):
        ScoreCam().compute(by_hand(total, broken), 1, ScoreCamOptions(), no_report)


@pytest.mark.parametrize("chunk", [1, 2, 8])
@pytest.mark.parametrize(
    ("pixel", "fill"),
    [(MaskedPixel.ZERO, 0.0), (MaskedPixel.BLACK, -1.0), (MaskedPixel.BLUR, 0.5)],
)
def test_masked_pixels_and_weights_without_softmax(pixel, fill, chunk) -> None:
    seen = []
    layer_inputs = by_hand(total, chunk=chunk)
    result = ScoreCam().compute(
        layer_inputs,
        1,
        ScoreCamOptions(activations=Activations.SIGNED, masked_pixel=pixel, softmax=False),
        lambda done, of, heatmap: seen.append((done, of, heatmap.state)),
    )
    # sum(mask * x + (1 - mask) * fill) - sum(fill) over the 4 pixels
    gain0 = (2 + 1.5 + 4 - 2.5 * fill) / 8
    gain2 = (1 - fill) / 8
    np.testing.assert_allclose(result.extras["channel_weights"], [gain0, 0, gain2], atol=1e-6)
    assert result.forward_passes == layer_inputs.logit_cache.forwards == 3
    assert seen[-1][:2] == (3, 3)
    assert layer_inputs.logit_cache.known([BASELINE])[0] == (pixel is MaskedPixel.BLUR)


def test_different_mask_options_use_different_cache_keys(small_net, x96, make_layer_inputs) -> None:
    """Signed and min-max activations give a channel the same mask, so they share its image."""
    layer_inputs = make_layer_inputs(small_net, x96, LAYER)
    masks = [
        ScoreCamOptions(
            channels=2,
            activations=activations,
            mask_order=order,
            masked_pixel=pixel,
            mask_align_corners=corners,
        )
        for activations in (Activations.RELU, Activations.SIGNED)
        for order in MaskOrder
        for pixel in MaskedPixel
        for corners in (False, True)
    ]
    for options in masks:
        ScoreCam().compute(layer_inputs, 1, options, no_report)
    assert layer_inputs.logit_cache.forwards == 2 * len(masks)
    for options in masks:
        shared = dataclasses.replace(options, activations=Activations.MIN_MAX)
        ScoreCam().compute(layer_inputs, 1, shared, no_report)
    assert layer_inputs.logit_cache.forwards == 2 * len(masks)


def test_every_layer_class_and_choice_of_options_has_a_map_of_its_own(
    small_net, x96, make_layer_inputs
) -> None:
    """A map from a memory that holds those of all others equals the one computed without it, before
    and after the others are computed."""
    memory = LogitCache(small_net)
    asked = [
        (
            layer,
            target,
            ScoreCamOptions(
                activations=activations, softmax=softmax, channels=channels, masked_pixel=pixel
            ),
        )
        for layer in (LAYER, "stages.3.blocks.0")
        for target in (0, 1)
        for activations in Activations
        for softmax in (True, False)
        for channels, pixel in ((6, MaskedPixel.ZERO), (9, MaskedPixel.ZERO), (6, MaskedPixel.BLUR))
    ]
    shared = {
        layer: make_layer_inputs(small_net, x96, layer, logit_cache=memory)
        for layer in (LAYER, "stages.3.blocks.0")
    }
    first = [ScoreCam().compute(shared[at], c, o, no_report) for at, c, o in asked]
    spent = memory.forwards
    again = [ScoreCam().compute(shared[at], c, o, no_report) for at, c, o in asked]
    assert memory.forwards == spent
    assert len(shared[LAYER].raw_maps.rows()) == len(asked) // 2
    for (layer, target, options), one, other in zip(asked, first, again, strict=True):
        alone = ScoreCam().compute(
            make_layer_inputs(small_net, x96, layer), target, options, no_report
        )
        for found in (one, other):
            np.testing.assert_allclose(found.heatmap.raw, alone.heatmap.raw, rtol=1e-4, atol=1e-6)
        assert one.forward_passes == other.forward_passes == alone.forward_passes


def test_oracle_5_a_constant_added_to_every_score_changes_nothing(
    small_net, x96, make_layer_inputs
) -> None:
    plain = make_layer_inputs(small_net, x96, LAYER)
    shifted = make_layer_inputs(
        small_net, x96, LAYER, logit_cache=LogitCache(lambda images: small_net(images) + 7)
    )
    for softmax in (True, False):
        a, b = (
            ScoreCam().compute(e, 1, ScoreCamOptions(softmax=softmax), no_report).heatmap
            for e in (plain, shifted)
        )
        np.testing.assert_allclose(a.values, b.values, atol=1e-4)
    scores = torch.randn(50, dtype=torch.float64)
    torch.testing.assert_close(channel_weights(scores), channel_weights(scores + 1e3))


@pytest.mark.parametrize("chunk", [1, 5, 64])
def test_oracle_5_chunking_changes_nothing(
    small_net, x96, make_layer_inputs, chunk, counting
) -> None:
    scorer, calls = counting(small_net)
    layer_inputs = make_layer_inputs(small_net, x96, LAYER, logit_cache=LogitCache(scorer, chunk))
    result = ScoreCam().compute(layer_inputs, 1, ScoreCamOptions(), no_report).heatmap
    reference = ScoreCam().compute(
        make_layer_inputs(small_net, x96, LAYER, chunk=8), 1, ScoreCamOptions(), no_report
    )
    assert max(calls) == min(chunk, 24)
    assert sum(calls) == 24
    np.testing.assert_allclose(result.values, reference.heatmap.values, atol=1e-4)


def test_other_class_needs_no_forward_pass(small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, LAYER)
    ScoreCam().compute(layer_inputs, 1, ScoreCamOptions(), no_report)
    spent = layer_inputs.logit_cache.forwards
    other = ScoreCam().compute(layer_inputs, 0, ScoreCamOptions(), no_report)
    assert layer_inputs.logit_cache.forwards == spent == other.forward_passes == 24


def test_partial_maps_are_reported_and_cancelling_keeps_scores(
    small_net, x96, make_layer_inputs
) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, LAYER)
    seen = []

    def report(done, of, heatmap) -> None:
        seen.append((done, of, heatmap))
        if done == 16:
            raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        ScoreCam().compute(layer_inputs, 1, ScoreCamOptions(), report)
    assert [s[:2] for s in seen] == [(8, 24), (16, 24)]
    assert layer_inputs.logit_cache.forwards == 16
    first_8 = ScoreCam().compute(layer_inputs, 1, ScoreCamOptions(channels=8), no_report)
    assert layer_inputs.logit_cache.forwards == 16
    # Sums of 8 channels and of 24 with 16 zeros among them: float32 adds in another order.
    np.testing.assert_allclose(first_8.heatmap.values, seen[0][2].values, atol=1e-6)


def test_only_constant_channels_give_a_constant_map_without_scoring() -> None:
    layer_inputs = by_hand(total, torch.ones(3, 2, 2))
    result = ScoreCam().compute(layer_inputs, 1, ScoreCamOptions(), no_report)
    assert result.heatmap.state is MapState.CONSTANT
    assert layer_inputs.logit_cache.forwards == 0


def test_masks_normalised_before_and_after_upsampling_differ() -> None:
    """Bilinear with pixel centres reaches the extremes only in the corners of a 2 x 2 map; a
    checkerboard of 3 x 3 loses its inner extreme when upsampled, so the two orders differ."""
    board = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 5.0, 0.0], [1.0, 0.0, 1.0]]])
    before = channel_masks(board, 6, MaskOrder.BEFORE, align_corners=False)
    after = channel_masks(board, 6, MaskOrder.AFTER, align_corners=False)
    assert float(after.max()) == 1.0
    assert float(before.max()) < 0.8


@pytest.mark.parametrize(("channels", "used"), [(None, 24), (6, 6), (48, 24)])
def test_the_number_of_images_is_that_of_channels_and_the_masked_one_without_softmax(
    channels: int | None, used: int
) -> None:
    for softmax, more in ((True, 0), (False, 1)):
        options = ScoreCamOptions(channels=channels, softmax=softmax)
        assert ScoreCam().forward_passes(24, options) == used + more


def test_options_that_are_not_allowed_raise_bad_request() -> None:
    with pytest.raises(BadRequest, match=r"channels is 0; .* at most 4096, or “all”\."):
        ScoreCamOptions(channels=0)
    with pytest.raises(BadRequest, match="allowed are normalised-zero, black, blur"):
        ScoreCamOptions(masked_pixel="white")  # type: ignore[arg-type]
    assert ScoreCamOptions(mask_order="normalise-before-upsampling").mask_order is MaskOrder.BEFORE  # type: ignore[arg-type]


def first(channels: int):
    """A transform that restricts the peers to the first channels, so that they run fast enough."""
    return lambda activation: activation[:, :channels]


def test_oracle_8_agrees_with_pytorch_grad_cam(real_net, x384, make_layer_inputs) -> None:
    """Its conventions: signed activations, masks upsampled with ``align_corners=True``, normalised
    after, masked pixels 0 in input space, softmax.  The final map is resized with pixel centres, as
    ours."""
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    layer = "stages.2.blocks.8"
    options = ScoreCamOptions(channels=2, activations=Activations.SIGNED, mask_align_corners=True)
    ours = ScoreCam().compute(
        make_layer_inputs(real_net, x384, layer, chunk=2), 1, options, no_report
    )
    with ScoreCAM(real_net, [real_net.get_submodule(layer)], first(2)) as peer:
        theirs = peer(x384[None], [ClassifierOutputTarget(1)])[0]
    np.testing.assert_allclose(ours.heatmap.values, theirs, atol=1e-4)


def test_oracle_8_agrees_with_torch_cam(real_net, x384, make_layer_inputs) -> None:
    """Its conventions: signed activations, normalised before upsampling, pixel centres, masked
    pixels 0 in input space, softmax of the increase.  It answers at the layer's resolution: ReLU,
    then min-max."""
    from torchcam.methods import ScoreCAM

    layer = "stages.3.blocks.2"
    options = ScoreCamOptions(
        channels=2, activations=Activations.SIGNED, mask_order=MaskOrder.BEFORE
    )
    ours = ScoreCam().compute(
        make_layer_inputs(real_net, x384, layer, chunk=2), 1, options, no_report
    )
    with ScoreCAM(real_net, layer, batch_size=2, reshape_transform=first(2)) as peer:
        with torch.no_grad():
            real_net(x384[None])
        theirs = peer(1)[0][0].numpy()
    positive = np.maximum(ours.heatmap.raw, 0)
    low, high = positive.min(), positive.max()
    np.testing.assert_allclose((positive - low) / (high - low), theirs, atol=1e-4)


@pytest.mark.parametrize("layer", [LAYER, "stages.3.blocks.0"])
def test_oracle_8_agrees_with_both_peers_over_all_channels(
    small_net, x96, make_layer_inputs, layer
) -> None:
    from pytorch_grad_cam import ScoreCAM as GradCamScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    from torchcam.methods import ScoreCAM as TorchCamScoreCAM

    layer_inputs = make_layer_inputs(small_net, x96, layer)
    signed = ScoreCamOptions(activations=Activations.SIGNED)
    options = dataclasses.replace(signed, mask_align_corners=True)
    ours = ScoreCam().compute(layer_inputs, 0, options, no_report)
    with GradCamScoreCAM(small_net, [small_net.get_submodule(layer)]) as peer:
        theirs = peer(x96[None], [ClassifierOutputTarget(0)])[0]
    np.testing.assert_allclose(ours.heatmap.values, theirs, atol=1e-4)

    options = dataclasses.replace(signed, mask_order=MaskOrder.BEFORE)
    ours = ScoreCam().compute(layer_inputs, 0, options, no_report)
    with TorchCamScoreCAM(small_net, layer) as peer:
        with torch.no_grad():
            small_net(x96[None])
        raw_map = peer(0, normalized=False)[0][0].numpy()
    np.testing.assert_allclose(np.maximum(ours.heatmap.raw, 0), raw_map, atol=1e-4)

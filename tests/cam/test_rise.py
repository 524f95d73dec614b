"""RISE: a hand-worked sum, the published code, seeds, prefixes, and the cache."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.transform import resize

from xai_core.cam.rise import CELLS, KEPT, Rise, RiseOptions, rise, rise_mask
from xai_core.types import no_report

LAYER = "stages.2.blocks.1"


def test_sum_equals_the_hand_computed_one() -> None:
    masks = torch.tensor([[[1.0, 0.0], [0.5, 0.0]], [[0.0, 1.0], [0.5, 0.0]]])
    found = rise(masks, torch.tensor([0.8, 0.2]))
    torch.testing.assert_close(found, torch.tensor([[0.8, 0.2], [0.5, 0.0]]))


@pytest.mark.parametrize("size", [96, 100])
def test_a_mask_is_a_random_crop_of_an_enlarged_grid(size) -> None:
    """As the published code (github.com/eclique/RISE, explanations.py) makes it, but for the border
    of the enlarged grid: there it mirrors about the outermost cells' centres, here they go on."""
    for number in range(4):
        random = np.random.default_rng([3, number])
        grid = (random.random((CELLS, CELLS)) < KEPT).astype("float32")
        cell = int(np.ceil(size / CELLS))
        x, y = random.integers(0, cell, 2)
        large = resize(
            grid, ((CELLS + 1) * cell,) * 2, order=1, mode="edge", anti_aliasing=False
        )  # fmt: skip
        expected = large[x : x + size, y : y + size]
        np.testing.assert_allclose(rise_mask(3, number, size).numpy(), expected, atol=1e-5)


def test_masks_show_a_pixel_half_of_the_time() -> None:
    masks = torch.stack([rise_mask(0, i, 96) for i in range(600)])
    assert float(masks.min()) >= 0
    assert float(masks.max()) <= 1
    # The share of 600 draws of probability 0.5 has a standard deviation of 0.02.
    assert float((masks.mean(0) - KEPT).abs().max()) < 0.1


@pytest.mark.parametrize("pixel", ["normalised-zero", "black", "blur"])
@pytest.mark.parametrize("layer", [LAYER, "stages.3.blocks.0"])
def test_agrees_with_the_published_sum(small_net, x96, make_layer_inputs, layer, pixel) -> None:
    """explanations.py: p = softmax of the model on masks * x; saliency = p.T @ masks / N / p1."""
    inputs = make_layer_inputs(small_net, x96, layer)
    options = RiseOptions(masks=20, seed=5, masked_pixel=pixel)
    fill = {"normalised-zero": 0 * x96, "black": inputs.black, "blur": inputs.baseline}[pixel]
    found = Rise().compute(inputs, 1, options, no_report)
    masks = torch.stack([rise_mask(5, i, 96) for i in range(20)])
    stack = masks[:, None] * x96 + (1 - masks[:, None]) * fill
    p = torch.softmax(small_net(stack), 1)
    saliency = (p.T @ masks.view(20, -1)).view(2, 96, 96) / 20 / 0.5
    side = inputs.activation.shape[-1]
    expected = saliency[1].view(side, 96 // side, side, 96 // side).mean((1, 3))
    np.testing.assert_allclose(found.heatmap.raw, expected, rtol=1e-4)
    assert found.forward_passes == inputs.logit_cache.forwards == 20


def test_more_masks_cost_only_the_new_ones_and_a_class_or_layer_none(
    small_net, x96, make_layer_inputs
) -> None:
    inputs = make_layer_inputs(small_net, x96, LAYER)
    Rise().compute(inputs, 1, RiseOptions(masks=8), no_report)
    more = Rise().compute(inputs, 1, RiseOptions(masks=12), no_report)
    assert inputs.logit_cache.forwards == more.forward_passes == 12
    alone = make_layer_inputs(small_net, x96, LAYER)
    expected = Rise().compute(alone, 1, RiseOptions(masks=12), no_report)
    np.testing.assert_allclose(more.heatmap.raw, expected.heatmap.raw, rtol=1e-5)
    Rise().compute(inputs, 0, RiseOptions(masks=12), no_report)
    other = make_layer_inputs(small_net, x96, "stages.3.blocks.0", logit_cache=inputs.logit_cache)
    Rise().compute(other, 1, RiseOptions(masks=12), no_report)
    assert inputs.logit_cache.forwards == 12


def test_options_have_scores_and_maps_of_their_own(small_net, x96, make_layer_inputs) -> None:
    inputs = make_layer_inputs(small_net, x96, LAYER)
    choices = [
        RiseOptions(masks=6),
        RiseOptions(masks=6, seed=1),
        RiseOptions(masks=6, masked_pixel="blur"),
    ]
    raws = [Rise().compute(inputs, 1, o, no_report).heatmap.raw for o in choices]
    assert inputs.logit_cache.forwards == 18
    assert len({raw.tobytes() for raw in raws}) == 3
    again = [Rise().compute(inputs, 1, o, no_report).heatmap.raw for o in choices]
    np.testing.assert_array_equal(raws, again)

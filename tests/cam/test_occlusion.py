"""Occlusion: a hand-worked map, the windows, the cache, and a plain loop over the definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.cam.base import LayerInputs
from xai_core.cam.class_score import class_scores
from xai_core.cam.occlusion import CELLS, Occlusion, OcclusionOptions, windows
from xai_core.errors import BadRequest
from xai_core.scoring.logit_cache import LogitCache, mask_key
from xai_core.types import no_report


def by_hand() -> LayerInputs:
    """24 x 24 pixels, so that a cell is a pixel; class 1 is the value of pixel (5, 7) alone, which
    is 6 and blurred 2; the layer has as many positions as the image has pixels."""
    x = torch.full((1, CELLS, CELLS), 2.0)
    x[0, 5, 7] = 6

    def scorer(images: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.zeros(len(images)), images[:, 0, 5, 7]], 1)

    return LayerInputs(
        layer="hand",
        x=x,
        baseline=torch.full_like(x, 2.0),
        black=torch.zeros_like(x),
        activate=lambda: torch.zeros(1, CELLS, CELLS),
        gradient=lambda c: torch.zeros(1, CELLS, CELLS),
        classes=2,
        tail=lambda a: torch.zeros(len(a), 2),
        logit_cache=LogitCache(scorer),
    )


def test_map_equals_the_hand_computed_one() -> None:
    """Every window that hides the pixel drops the score by 4.  Inside the picture nine windows of
    3 cells cover a pixel; of those that cover one d rows and e columns away from the marked one,
    (3 - d) * (3 - e) hide it too."""
    inputs = by_hand()
    result = Occlusion().compute(inputs, 1, OcclusionOptions(), no_report)
    expected = np.zeros((CELLS, CELLS))
    for d in range(-2, 3):
        for e in range(-2, 3):
            expected[5 + d, 7 + e] = 4 * (3 - abs(d)) * (3 - abs(e)) / 9
    np.testing.assert_allclose(result.heatmap.raw, expected, atol=1e-6)
    assert result.forward_passes == inputs.logit_cache.forwards == 22 * 22 + 1
    assert result.forward_passes == Occlusion().forward_passes(1, OcclusionOptions())


@pytest.mark.parametrize("size", [24, 96, 384, 100])
@pytest.mark.parametrize(("window", "stride"), [(3, 1), (3, 3), (5, 2), (2, 7), (24, 1), (7, 5)])
def test_windows_cover_every_pixel_and_end_at_the_border(size, window, stride) -> None:
    options = OcclusionOptions(occluder=window, stride=stride)
    covered = np.zeros((size, size), int)
    places = windows(size, options)
    for place in places:
        covered[place] += 1
    assert covered.min() >= 1
    assert places[0][0].start == 0
    assert places[-1][0].stop == places[-1][1].stop == size
    assert len(set(map(str, places))) == len(places)
    assert Occlusion().forward_passes(1, options) == len(places) + 1


def test_hidden_images_share_keys_with_equal_masks_of_other_methods() -> None:
    inputs = by_hand()
    Occlusion().compute(inputs, 1, OcclusionOptions(occluder=4, stride=4), no_report)
    kept = np.ones((CELLS, CELLS), bool)
    kept[4:8, 4:8] = False
    assert inputs.logit_cache.items()[mask_key("pixels", kept)].tolist() == [0, 2]
    spent = inputs.logit_cache.forwards
    Occlusion().compute(inputs, 0, OcclusionOptions(occluder=4, stride=4), no_report)
    assert inputs.logit_cache.forwards == spent


def test_window_and_stride_have_maps_of_their_own() -> None:
    inputs = by_hand()
    choices = [OcclusionOptions(occluder=w, stride=s) for w, s in ((3, 1), (3, 3), (4, 1), (4, 3))]
    raws = [Occlusion().compute(inputs, 1, o, no_report).heatmap.raw for o in choices]
    again = [Occlusion().compute(inputs, 1, o, no_report).heatmap.raw for o in choices]
    assert len({raw.tobytes() for raw in raws}) == len(choices)
    np.testing.assert_array_equal(raws, again)


def test_only_another_window_or_step_than_usual_is_named() -> None:
    words = Occlusion().option_words
    assert words(OcclusionOptions()) == ""
    assert words(OcclusionOptions(occluder=4)) == "window 4, step 1"
    assert words(OcclusionOptions(stride=2)) == "window 3, step 2"


def test_an_option_without_no_limit_does_not_offer_it() -> None:
    with pytest.raises(BadRequest, match=r"occluder is 25; give at least 1 and at most 24\.$"):
        OcclusionOptions(occluder=25)


@pytest.mark.parametrize("layer", ["stages.2.blocks.1", "stages.3.blocks.0"])
@pytest.mark.parametrize("score", ["logit", "logit-difference"])
def test_agrees_with_a_loop_over_the_definition(
    small_net, x96, make_layer_inputs, layer, score
) -> None:
    """Zeiler and Fergus: hide a square, note the drop at the places it hid, average."""
    inputs = make_layer_inputs(small_net, x96, layer)
    options = OcclusionOptions(occluder=6, stride=4, score=score)
    found = Occlusion().compute(inputs, 1, options, no_report).heatmap

    def y(image: torch.Tensor) -> float:
        return float(class_scores(small_net(image[None]).numpy(), 1, options.score)[0])

    drops = [[[] for _ in range(96)] for _ in range(96)]
    for top in (0, 16, 32, 48, 64, 72):
        for left in (0, 16, 32, 48, 64, 72):
            image = x96.clone()
            image[:, top : top + 24, left : left + 24] = inputs.baseline[
                :, top : top + 24, left : left + 24
            ]
            drop = y(x96) - y(image)
            for i in range(top, top + 24):
                for j in range(left, left + 24):
                    drops[i][j].append(drop)
    pixels = np.array([[np.mean(d) for d in row] for row in drops])
    side = inputs.activation.shape[-1]
    cell = 96 // side
    expected = pixels.reshape(side, cell, side, cell).mean((1, 3))
    np.testing.assert_allclose(found.raw, expected, atol=1e-5 * np.abs(expected).max())

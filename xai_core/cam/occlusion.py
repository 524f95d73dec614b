"""Occlusion: Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
arXiv:1311.2901."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.class_score import ScoreOptions, class_scores
from xai_core.cam.normalise import HEATMAP_CONVENTIONS, heatmap
from xai_core.cam.options import option
from xai_core.scoring.logit_cache import INTACT, mask_key
from xai_core.types import BoolArray, FloatArray, Report

CELLS = 24
"""The unit of window and stride: the input's side is this many cells (of 16 px at 384 px)."""


@dataclass(frozen=True)
class OcclusionOptions(ScoreOptions):
    """``occluder``, ``stride``: in cells, see CELLS; a stride above the occluder counts as it,
    so that no pixel is left out."""

    occluder: int = option(
        3,
        title="Occluding window",
        help="The side of the square that is blurred, in 24ths of the picture's side.",
        expert=True,
        most=CELLS,
        suggested=(2, 4, 6),
    )
    stride: int = option(
        1,
        title="Step of the window",
        help="How far the square moves each time, in 24ths of the picture's side, at most its own "
        "side. A step of 1 asks the model hundreds of times, one of 2 a quarter as often.",
        expert=True,
        most=CELLS,
        suggested=(2, 3),
    )

    def starts(self) -> list[int]:
        """The first cell of each window along either axis; the last window ends at the border."""
        last = CELLS - self.occluder
        return [*range(0, last, min(self.stride, self.occluder)), last]


def windows(size: int, options: OcclusionOptions) -> list[tuple[slice, slice]]:
    """The rows and columns of each window in px, in row-major order."""

    def edge(cell: int) -> int:
        return round(cell * size / CELLS)

    spans = [slice(edge(i), edge(i + options.occluder)) for i in options.starts()]
    return [(rows, columns) for rows in spans for columns in spans]


def occlusion(places: Sequence[tuple[slice, slice]], drops: FloatArray, size: int) -> Tensor:
    """Each pixel's mean drop of the score over the windows that cover it: (n,) -> float64
    (size, size).  Windows whose drop is NaN (not scored yet) do not count."""
    total, count = np.zeros((size, size)), np.zeros((size, size))
    for place, drop in zip(places, drops, strict=True):
        if not np.isnan(drop):
            total[place] += drop
            count[place] += 1
    return torch.from_numpy(total / np.maximum(count, 1))


class Occlusion(CamMethod[OcclusionOptions]):
    """Occlusion as a method; one forward pass per window and one for the intact image.

    The layer only sets the resolution of the map: the scores are those of the whole network.
    """

    name = "occlusion"
    title = "Occlusion"
    description = (
        "A blurred square is moved over the picture; where it makes the class's score drop, the "
        "model needed what it hides. No features and no gradients: the layer only sets how fine "
        "the map is."
    )
    reference = (
        'Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, '
        "arXiv:1311.2901"
    )
    unit = "drop of the logit"
    needs = frozenset({Need.SCORER})
    options = OcclusionOptions
    order = 80

    def forward_passes(self, channels: int, options: OcclusionOptions) -> int:  # noqa: ARG002
        """One image per window, and the intact one."""
        return len(options.starts()) ** 2 + 1

    def option_words(self, options: OcclusionOptions) -> str:
        """Window and step, where they are not the usual ones."""
        usual = OcclusionOptions()
        if (options.occluder, options.stride) == (usual.occluder, usual.stride):
            return ""
        return f"window {options.occluder}, step {options.stride}"

    def conventions(self, options: OcclusionOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": options.score.words,
            "window": f"square, {options.occluder}/{CELLS} of the input's side",
            "stride": f"{min(options.stride, options.occluder)}/{CELLS} of the input's side; the "
            "last window ends at the border",
            "fill": "the blurred image",
            "pixel": "mean drop of the score over the windows that cover it",
            "resolution": "mean over each position of the layer",
            **HEATMAP_CONVENTIONS,
        }

    def compute(
        self, layer_inputs: LayerInputs, target: int, options: OcclusionOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`."""
        places = windows(layer_inputs.size, options)
        name = f"{self.name}/{options.occluder}/{options.stride}/{target}{options.score.key}"
        passes = len(places) + 1
        raw_map = layer_inputs.raw_maps.get(name)
        if raw_map is not None:
            known = CamResult(heatmap(raw_map, layer_inputs.size), passes)
            report(passes, passes, known.heatmap)
            return known
        side = layer_inputs.activation.shape[-1]
        shape = (layer_inputs.size, layer_inputs.size)
        keys = [INTACT, *(mask_key("pixels", kept) for kept in _kept(places, shape))]

        def render(positions: Sequence[int]) -> Tensor:
            images = layer_inputs.x.repeat(len(positions), 1, 1, 1)
            for image, position in zip(images, positions, strict=True):
                if position:
                    rows, columns = places[position - 1]
                    image[:, rows, columns] = layer_inputs.baseline[:, rows, columns]
            return images

        def raw(logits: FloatArray) -> Tensor:
            scores = class_scores(logits, target, options.score)
            pixels = occlusion(places, scores[0] - scores[1:], layer_inputs.size)
            return adaptive_avg_pool2d(pixels[None], side)[0].float()

        logits = layer_inputs.logit_cache.score(
            keys,
            render,
            lambda done, total, so_far: report(
                done, total, heatmap(raw(so_far), layer_inputs.size)
            ),
        )
        raw_map = raw(logits)
        layer_inputs.raw_maps.put(name, raw_map)
        return CamResult(heatmap(raw_map, layer_inputs.size), passes)


def _kept(places: Sequence[tuple[slice, slice]], shape: tuple[int, int]) -> Iterator[BoolArray]:
    """The mask of what each window leaves of the image."""
    for place in places:
        kept = np.ones(shape, np.bool_)
        kept[place] = False
        yield kept

"""RISE: Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box
Models", BMVC 2018, arXiv:1806.07421."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.masked_pixel import MaskOptions, fill_of
from xai_core.cam.normalise import HEATMAP_CONVENTIONS, heatmap, upsample
from xai_core.cam.options import option
from xai_core.types import FloatArray, Report

CELLS = 7
"""Cells along either side of a mask before it is enlarged, as in the paper."""
KEPT = 0.5
"""The probability that a cell is shown, as in the paper."""


@dataclass(frozen=True)
class RiseOptions(MaskOptions):
    """``masks``: how many random masks; the first of a larger number are those of a smaller one.
    ``seed``: of the masks."""

    masks: int = option(
        1000,
        title="Random masks",
        help="How many masked copies of the picture the model is asked about. More give a smoother "
        "map; the paper takes 4000 to 8000.",
        expert=True,
        most=20000,
        suggested=(250, 4000),
    )
    seed: int = option(
        0,
        title="Seed of the masks",
        help="The same seed gives the same masks; another one shows how much of the map is chance.",
        expert=True,
        least=0,
        most=9999,
        suggested=(1,),
    )


def rise_mask(seed: int, number: int, size: int) -> Tensor:
    """The mask of this number, float32 (size, size) in [0, 1].

    A grid of CELLS x CELLS cells, each 1 with probability KEPT, is enlarged to one cell more than
    the image and cropped at a random place within that cell.
    """
    random = np.random.default_rng([seed, number])
    grid = (random.random((CELLS, CELLS)) < KEPT).astype(np.float32)
    cell = math.ceil(size / CELLS)
    top, left = random.integers(0, cell, 2)
    large = upsample(torch.from_numpy(grid)[None], (CELLS + 1) * cell)[0]
    return large[top : top + size, left : left + size]


def rise(masks: Tensor, probabilities: Tensor) -> Tensor:
    """The map sum_i P_i M_i / (n KEPT): (n, h, w), (n,) -> (h, w)."""
    weighted = torch.einsum("n,nhw->hw", probabilities.to(masks), masks)
    return weighted / (len(masks) * KEPT)


class Rise(CamMethod[RiseOptions]):
    """RISE as a method; one forward pass per mask.

    The layer only sets the resolution of the map: the masks and their scores are the same for all
    layers and classes.
    """

    name = "rise"
    title = "RISE"
    description = (
        "The picture is hidden behind many random patterns; a place counts as much as the class is "
        "probable when that place is seen. No features and no gradients: the layer only sets how "
        "fine the map is."
    )
    reference = (
        'Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box '
        'Models", BMVC 2018, arXiv:1806.07421'
    )
    unit = "expected probability"
    needs = frozenset({Need.SCORER})
    options = RiseOptions
    order = 90

    def forward_passes(self, channels: int, options: RiseOptions) -> int:  # noqa: ARG002
        """One image per mask."""
        return options.masks

    def option_words(self, options: RiseOptions) -> str:
        """How many masks."""
        return f"{options.masks} masks"

    def conventions(self, options: RiseOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": "class probability",
            "masks": f"{options.masks}, each {CELLS} x {CELLS} cells, shown with probability "
            f"{KEPT:g}, shifted at random by up to a cell",
            "seed": str(options.seed),
            "mask upsampling": "bilinear, align_corners=False",
            "masked pixel": str(options.masked_pixel),
            "weights": "probability of the class, divided by the expected mask",
            "resolution": "mean over each position of the layer",
            **HEATMAP_CONVENTIONS,
        }

    def compute(
        self, layer_inputs: LayerInputs, target: int, options: RiseOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`."""
        source = f"{self.name}/{options.seed}/{options.masked_pixel}"
        name = f"{source}/{options.masks}/{target}"
        raw_map = layer_inputs.raw_maps.get(name)
        if raw_map is not None:
            known = CamResult(heatmap(raw_map, layer_inputs.size), options.masks)
            report(options.masks, options.masks, known.heatmap)
            return known
        side, size = layer_inputs.activation.shape[-1], layer_inputs.size
        fill = fill_of(layer_inputs, options.masked_pixel)
        pooled: dict[int, Tensor] = {}

        def mask_of(number: int) -> Tensor:
            mask = rise_mask(options.seed, number, size)
            pooled[number] = adaptive_avg_pool2d(mask[None], side)[0]
            return mask

        def render(positions: Sequence[int]) -> Tensor:
            masks = torch.stack([mask_of(i) for i in positions])[:, None].to(layer_inputs.x)
            return masks * layer_inputs.x + (1 - masks) * fill

        def raw(logits: FloatArray) -> Tensor:
            scored = [int(i) for i in np.flatnonzero(~np.isnan(logits[:, target]))]
            for i in scored:
                if i not in pooled:  # scored before, so not rendered now
                    mask_of(i)
            rows = torch.from_numpy(logits[scored]).double()
            small = torch.stack([pooled[i] for i in scored])
            return rise(small, torch.softmax(rows, 1)[:, target])

        logits = layer_inputs.logit_cache.score(
            [f"{source}/{i}" for i in range(options.masks)],
            render,
            lambda done, total, so_far: report(
                done, total, heatmap(raw(so_far), layer_inputs.size)
            ),
        )
        raw_map = raw(logits)
        layer_inputs.raw_maps.put(name, raw_map)
        return CamResult(heatmap(raw_map, layer_inputs.size), options.masks)

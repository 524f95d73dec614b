"""Hybrid-CAM: Ghorbel, Siyavashi, Herglotz, "Explainability in ConvNeXt V2 for Contrast-Enhanced
Spectral Mammography".

Grad-CAM's map A gives the ranking of the pixels; forward passes at nested area levels give their
weight.  Level p keeps the top p % of A and blurs the rest; its gain delta(p) over the fully blurred
image is added to the pixels it keeps.  The masks are nested, so S never increases with rank, and
the result is a monotone function of A at pixel level: Grad-CAM with an image-specific contrast
curve.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.class_score import ClassScore, ScoreOptions, class_scores
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.normalise import empty, heatmap, min_max
from xai_core.cam.options import option
from xai_core.scoring.logit_cache import BASELINE, mask_key
from xai_core.statistics.ranking import top_masks
from xai_core.types import (
    DENSE_LEVELS,
    PAPER_LEVELS,
    BoolArray,
    FloatArray,
    Heatmap,
    LevelResult,
    MapState,
    Report,
)

LEAST_GAIN = 1e-3
"""In logits.  Where no level gains as much, no level raises the score: engines agree within 1e-4,
and a map of smaller gains could be made of their differences, stretched to [0, 1]."""


def level_weight(p: float) -> float:
    """w(p) = 1 / sqrt(p): small areas that raise the score get more weight."""
    return 1 / math.sqrt(p)


def positive_area(of: Heatmap) -> FloatArray:
    """A of a Hybrid-CAM map: the positive part of Grad-CAM's map, upsampled and min-max
    normalised; float32 (S, S) in [0, 1]."""
    return heatmap(torch.from_numpy(of.raw.copy()), len(of.values)).values


def support(
    masks: Sequence[BoolArray], deltas: Sequence[float], levels: Sequence[float]
) -> NDArray[np.float64]:
    """S = sum_p w(p) delta(p) M_p: float64 (S, S), weighted logits.

    ``levels`` may be percents or fractions: the unit only rescales S, and H is min-max normalised.
    """
    total = np.zeros(masks[0].shape)
    for mask, delta, p in zip(masks, deltas, levels, strict=True):
        total += level_weight(p) * delta * mask
    return total


@dataclass(frozen=True)
class HybridCamOptions(ScoreOptions):
    """``levels``: area levels in percent, sorted and unique, 1 to 64 of them in (0, 100]."""

    levels: tuple[float, ...] = option(
        PAPER_LEVELS,
        title="Area levels",
        help="Hybrid-CAM's area levels in percent.",
    )


class HybridCam(CamMethod[HybridCamOptions]):
    """Hybrid-CAM as a method; one forward pass per area level and one for the blurred image.

    delta(p) depends only on image, layer, class and p, and the logit cache stores each masked image
    under its mask: another set of levels needs forward passes only for the new levels.
    """

    name = "hybrid-cam"
    title = "Hybrid-CAM"
    description = (
        "Grad-CAM says where; then only the top 1, 2, 3 ... 90 % of its area is kept sharp, and "
        "what each area gains in score decides how strongly it is shown."
    )
    reference = (
        "Ghorbel, Siyavashi, Herglotz, Explainability in ConvNeXt V2 for Contrast-Enhanced "
        "Spectral Mammography"
    )
    unit = "logit increase, weighted by 1/sqrt(percent)"
    needs = frozenset({Need.ACTIVATIONS, Need.GRADIENT, Need.SCORER})
    options = HybridCamOptions
    order = 30
    uses_levels = True
    note = (
        "Hybrid-CAM keeps Grad-CAM's order of pixels: it is Grad-CAM with a contrast curve made "
        "for this image; pixels where Grad-CAM is 0, often most of the picture, stay 0 without an "
        "order, and so do those outside every area that raises the score."
    )

    def forward_passes(self, channels: int, options: HybridCamOptions) -> int:  # noqa: ARG002
        """One image per area level, and the blurred one."""
        return len(options.levels) + 1

    def option_words(self, options: HybridCamOptions) -> str:
        """The area levels."""
        return f"levels {', '.join(f'{level:g}' for level in options.levels)} %"

    def precomputed_options(self, options: HybridCamOptions) -> tuple[HybridCamOptions, ...]:
        """The dense set of levels, so that any choice among them needs no forward pass."""
        return (dataclasses.replace(options, levels=DENSE_LEVELS),)

    def conventions(self, options: HybridCamOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        levels = options.levels
        return {
            **{f"A: {k}": v for k, v in GradCam().conventions(options).items()},
            "levels": ", ".join(f"{p:g} %" for p in levels),
            "level weight": "1/sqrt(p), p in percent",
            "mask": "pixels of A at least the value ranked ceil(p/100 N); ties stay together",
            "score": options.score.words,
            "level score": "max(0, score of the masked image - score of the blurred image)",
            "no level": f"no level score is at least {LEAST_GAIN:g}",
            "normalisation": "min-max of A * S",
        }

    def compute(
        self, layer_inputs: LayerInputs, target: int, options: HybridCamOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`.

        The map's ``raw`` is Grad-CAM's.  A Grad-CAM map that cannot be ranked is returned as it is;
        where no level raises the score by LEAST_GAIN the state is NO_LEVEL.
        """
        percents = options.levels
        base = heatmap(GradCam().cached_raw_map(layer_inputs, target, options), layer_inputs.size)
        if not base.state.ranked:
            report(1, 1, base)
            return CamResult(base)
        masks = top_masks(base.values, percents)
        keys = [BASELINE, *(mask_key("pixels", mask) for mask in masks)]

        def render(positions: Sequence[int]) -> Tensor:
            kept = [masks[i - 1] if i else np.zeros_like(masks[0]) for i in positions]
            shown = torch.from_numpy(np.stack(kept)[:, None]).to(layer_inputs.x.device)
            return torch.where(shown, layer_inputs.x, layer_inputs.baseline)

        def partial(done: int, total: int, logits: FloatArray) -> None:
            report(
                done, total, _combine(base, masks, _deltas(logits, target, options.score), percents)
            )

        logits = layer_inputs.logit_cache.score(keys, render, partial)
        deltas = _deltas(logits, target, options.score)
        levels = tuple(
            LevelResult(p, float(mask.mean()), float(delta))
            for p, mask, delta in zip(percents, masks, deltas, strict=True)
        )
        final = _combine(base, masks, deltas, percents)
        return CamResult(
            final,
            forward_passes=len(set(keys)),
            levels=levels,
            known=_known(
                layer_inputs, target, options.score, base.values, set(DENSE_LEVELS) - set(percents)
            ),
        )


def _known(
    layer_inputs: LayerInputs,
    target: int,
    score: ClassScore,
    a: FloatArray,
    percents: Iterable[float],
) -> tuple[LevelResult, ...]:
    """Those of the levels whose masked images are in the logit cache."""
    table = layer_inputs.logit_cache.items()
    found = []
    ascending = sorted(percents)
    for p, mask in zip(ascending, top_masks(a, ascending), strict=True):
        row = table.get(mask_key("pixels", mask))
        if row is not None:
            (gain,) = _deltas(np.stack([table[BASELINE], row]), target, score)
            found.append(LevelResult(p, float(mask.mean()), gain))
    return tuple(found)


def _deltas(logits: FloatArray, target: int, score: ClassScore) -> list[float]:
    """delta(p) = max(0, y(x_p) - y(x_blur)) from the logits of [x_blur, x_p...]; 0 where NaN (not
    scored yet)."""
    scores = class_scores(logits, target, score)
    gains = scores[1:] - scores[0]
    return np.fmax(gains, 0.0).tolist()  # type: ignore[no-any-return]


def _combine(
    base: Heatmap, masks: Sequence[BoolArray], deltas: Sequence[float], levels: Sequence[float]
) -> Heatmap:
    """H = min-max(A * S)."""
    if max(deltas) < LEAST_GAIN:
        return empty(base.raw, len(base.values), MapState.NO_LEVEL)
    product = support(masks, deltas, levels) * base.values
    values = min_max(torch.from_numpy(product)[None])[0].numpy()
    return Heatmap(base.raw, values, float(product.max()), base.state)

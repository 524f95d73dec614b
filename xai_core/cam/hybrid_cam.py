"""Hybrid-CAM: Ghorbel, Siyavashi, Herglotz, "Explainability in ConvNeXt V2 for Contrast-Enhanced
Spectral Mammography".

Grad-CAM's map A says where; forward passes at nested area levels say how much.  Level p keeps the
top p % of A and blurs the rest; its gain delta(p) over the fully blurred image is spread over the
pixels it kept.  The masks are nested, so S never increases with rank, and the result is a monotone
function of A at pixel level: Grad-CAM with an image-specific contrast curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai_core.cam.base import CamOptions, CamResult, Evidence
from xai_core.cam.grad_cam import GradCam, native_map
from xai_core.cam.normalise import empty, heatmap, min_max
from xai_core.statistics.ranking import top_masks
from xai_core.store.scorebook import BASELINE, mask_key
from xai_core.types import (
    DENSE_LEVELS,
    BoolArray,
    FloatArray,
    Heatmap,
    LevelResult,
    MapState,
    Report,
)


def level_weight(p: float) -> float:
    """w(p) = 1 / sqrt(p): small areas that raise the score count more."""
    return 1 / math.sqrt(p)


def positive_area(of: Heatmap) -> FloatArray:
    """A of a Hybrid-CAM map: Grad-CAM's positive part, upsampled, min-max; float32 (S, S)."""
    return heatmap(torch.from_numpy(of.raw.copy()), len(of.values)).values


def support(
    masks: Sequence[BoolArray], deltas: Sequence[float], levels: Sequence[float]
) -> NDArray[np.float64]:
    """S = sum_p w(p) delta(p) M_p: float64 (S, S), weighted logits.

    ``levels`` may be percents or fractions: the unit only rescales S, and H is a min-max of it.
    """
    total = np.zeros(masks[0].shape)
    for mask, delta, p in zip(masks, deltas, levels, strict=True):
        total += level_weight(p) * delta * mask
    return total


class HybridCam:
    """Hybrid-CAM as a method; one forward pass per area level and one for the blurred image.

    delta(p) depends only on image, layer, class and p, and the book remembers each masked image by
    its mask: another set of levels costs only the levels not asked before.
    """

    name = "hybrid-cam"
    title = "Hybrid-CAM"
    unit = "logit increase, weighted by 1/sqrt(percent)"

    def conventions(self, options: CamOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            **{f"A: {k}": v for k, v in GradCam().conventions(options).items()},
            "levels": ", ".join(f"{p:g} %" for p in options.levels),
            "level weight": "1/sqrt(p), p in percent",
            "mask": "pixels of A at least the value ranked ceil(p/100 N); ties stay together",
            "level score": "max(0, logit of the masked image - logit of the blurred image)",
            "normalisation": "min-max of A * S",
        }

    def compute(
        self, evidence: Evidence, target: int, options: CamOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`.

        The map's ``raw`` is Grad-CAM's.  A Grad-CAM map that says nothing is passed on with its
        state; where no level raises the score the state is NO_LEVEL.
        """
        base = heatmap(native_map(evidence, target), evidence.size)
        if base.state is not MapState.OK:
            report(1, 1, base)
            return CamResult(base)
        masks = top_masks(base.values, options.levels)
        keys = [BASELINE, *(mask_key("pixels", mask) for mask in masks)]

        def render(positions: Sequence[int]) -> Tensor:
            kept = [masks[i - 1] if i else np.zeros_like(masks[0]) for i in positions]
            shown = torch.from_numpy(np.stack(kept)[:, None]).to(evidence.x.device)
            return torch.where(shown, evidence.x, evidence.baseline)

        def partial(done: int, total: int, logits: FloatArray) -> None:
            report(done, total, _combine(base, masks, _deltas(logits, target), options.levels))

        logits = evidence.book.score(keys, render, partial)
        deltas = _deltas(logits, target)
        levels = tuple(
            LevelResult(p, float(mask.mean()), float(delta))
            for p, mask, delta in zip(options.levels, masks, deltas, strict=True)
        )
        final = _combine(base, masks, deltas, options.levels)
        return CamResult(
            final,
            forward_passes=len(set(keys)),
            levels=levels,
            known=_known(evidence, target, base.values, set(DENSE_LEVELS) - set(options.levels)),
        )


def _known(
    evidence: Evidence, target: int, a: FloatArray, percents: Iterable[float]
) -> tuple[LevelResult, ...]:
    """Those of the levels whose masked images were scored before."""
    table = evidence.book.items()
    found = []
    ascending = sorted(percents)
    for p, mask in zip(ascending, top_masks(a, ascending), strict=True):
        row = table.get(mask_key("pixels", mask))
        if row is not None:
            gain = max(0.0, float(row[target] - table[BASELINE][target]))
            found.append(LevelResult(p, float(mask.mean()), gain))
    return tuple(found)


def _deltas(logits: FloatArray, target: int) -> list[float]:
    """delta(p) = max(0, y(x_p) - y(x_blur)) from the logits of [x_blur, x_p...]; unknown is 0."""
    gains = logits[1:, target] - logits[0, target]
    return np.maximum(np.nan_to_num(gains, nan=0.0), 0.0).tolist()  # type: ignore[no-any-return]


def _combine(
    base: Heatmap, masks: Sequence[BoolArray], deltas: Sequence[float], levels: Sequence[float]
) -> Heatmap:
    """H = min-max(A * S)."""
    if not any(delta > 0 for delta in deltas):
        return empty(base.raw, len(base.values), MapState.NO_LEVEL)
    product = support(masks, deltas, levels) * base.values
    values = min_max(torch.from_numpy(product)[None])[0].numpy()
    return Heatmap(base.raw, values, float(product.max()), MapState.OK)

"""Ablation-CAM: Desai, Ramaswamy, "Ablation-CAM: Visual Explanations for Deep Convolutional Network
via Gradient-free Localization", WACV 2020."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.class_score import ScoreOptions, class_scores
from xai_core.cam.normalise import HEATMAP_CONVENTIONS, check_finite, heatmap
from xai_core.types import FloatArray, Report


def ablation_cam(activation: Tensor, drops: Tensor) -> Tensor:
    """The signed map sum_k w_k A_k before ReLU, w_k the drop of the score: (K, h, w), (K,) ->
    (h, w).

    The paper divides each drop by the score.  That only rescales the map, and turns it around where
    the score is negative, as a logit may be; so it is left out.
    """
    return torch.einsum("k,khw->hw", drops.to(activation), activation)


class AblationCam(CamMethod[ScoreOptions]):
    """Ablation-CAM as a method; one pass of the network's tail per channel and one for all
    channels intact.

    The tail is what follows the layer: after Stage 3 a sixth of the network's arithmetic, after
    Stage 4 the head alone.  Its logits are cached by channel, for all classes.  It runs in PyTorch,
    whatever engine scores images, and so does the intact pass that it is compared with.
    """

    name = "ablation-cam"
    title = "Ablation-CAM"
    description = (
        "Each feature map in turn is switched off; the more the class's score drops, the more that "
        "map weighs. No gradients; one pass of the network's last part per feature."
    )
    reference = (
        'Desai and Ramaswamy, "Ablation-CAM: Visual Explanations for Deep Convolutional Network '
        'via Gradient-free Localization", WACV 2020'
    )
    unit = "activation weighted by the drop of the logit"
    needs = frozenset({Need.ACTIVATIONS, Need.SCORER})
    options = ScoreOptions
    order = 70

    def forward_passes(self, channels: int, options: ScoreOptions) -> int:  # noqa: ARG002
        """One pass of the tail per channel, and one with all channels."""
        return channels + 1

    def conventions(self, options: ScoreOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": options.score.words,
            "ablated channel": "0 at every position",
            "weights": "drop of the score, not divided by it",
            "scored by": "PyTorch, from the layer on",
            **HEATMAP_CONVENTIONS,
        }

    def compute(
        self, layer_inputs: LayerInputs, target: int, options: ScoreOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`."""
        name = f"{self.name}/{target}{options.score.key}"
        prefix = f"{self.name}/{layer_inputs.layer}/"
        raw_map = layer_inputs.raw_maps.get(name)
        passes = sum(key.startswith(prefix) for key in layer_inputs.logit_cache.items())
        if raw_map is not None and passes:
            known = CamResult(heatmap(raw_map, layer_inputs.size), passes)
            report(passes, passes, known.heatmap)
            return known
        activation = layer_inputs.activation
        check_finite(activation)
        keys = [f"{prefix}none", *(f"{prefix}{k}" for k in range(len(activation)))]

        def render(positions: Sequence[int]) -> Tensor:
            ablated = activation.repeat(len(positions), 1, 1, 1)
            for row, position in enumerate(positions):
                if position:
                    ablated[row, position - 1] = 0
            return ablated

        def raw(logits: FloatArray) -> Tensor:
            scores = torch.from_numpy(class_scores(logits, target, options.score).copy())
            return ablation_cam(activation, torch.nan_to_num(scores[0] - scores[1:], nan=0.0))

        logits = layer_inputs.logit_cache.score(
            keys,
            render,
            lambda done, total, so_far: report(
                done, total, heatmap(raw(so_far), layer_inputs.size)
            ),
            scorer=layer_inputs.tail,
        )
        raw_map = raw(logits)
        layer_inputs.raw_maps.put(name, raw_map)
        return CamResult(heatmap(raw_map, layer_inputs.size), len(keys))

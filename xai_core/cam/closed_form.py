"""Methods whose map is a formula of activations and gradients, without scored images."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs
from xai_core.cam.class_score import ClassScore, ScoreOptions, score_gradient
from xai_core.cam.normalise import HEATMAP_CONVENTIONS, heatmap
from xai_core.cam.options import CamOptions
from xai_core.types import Report


class ClosedFormMethod(CamMethod[CamOptions]):
    """A method given by :meth:`raw_map`: ReLU, upsampling and normalisation are the same for all.

    Costs no forward pass beyond those of the activations and of the gradient.  A method of a
    class's score takes :class:`~xai_core.cam.class_score.ScoreOptions` unless it says otherwise.

    Attributes:
        formula: the conventions of :meth:`raw_map`, by name, for the manifest; ``{score}`` stands
            for the score that is explained.
    """

    options: ClassVar[type[CamOptions]] = ScoreOptions
    formula: ClassVar[Mapping[str, str]]

    @abc.abstractmethod
    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """The signed map (h, w) of class ``target`` before ReLU.

        ``layer_inputs.gradient`` is that of the score which the options choose.
        """

    def conventions(self, options: CamOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        score = _score(options).words
        return {
            **{name: words.format(score=score) for name, words in self.formula.items()},
            **HEATMAP_CONVENTIONS,
        }

    def cached_raw_map(self, layer_inputs: LayerInputs, target: int, options: CamOptions) -> Tensor:
        """:meth:`raw_map`, computed once per image, weights, layer and (where they matter) class
        and score."""
        score = _score(options)
        name = f"{self.name}/{target}{score.key}" if self.class_specific else self.name
        logit = layer_inputs.gradient
        scored = dataclasses.replace(
            layer_inputs, gradient=lambda c: score_gradient(logit, layer_inputs.classes, c, score)
        )
        return layer_inputs.raw_maps.recall(name, lambda: self.raw_map(scored, target))

    def compute(
        self,
        layer_inputs: LayerInputs,
        target: int,
        options: CamOptions,
        report: Report,
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`; reports once, at the end."""
        raw = self.cached_raw_map(layer_inputs, target, options)
        result = CamResult(heatmap(raw, layer_inputs.size))
        report(1, 1, result.heatmap)
        return result


def _score(options: CamOptions) -> ClassScore:
    return options.score if isinstance(options, ScoreOptions) else ClassScore.LOGIT

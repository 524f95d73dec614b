"""Methods whose map is a formula of activations and gradients, without scored images."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs
from xai_core.cam.normalise import heatmap
from xai_core.cam.options import CamOptions
from xai_core.types import Report


class ClosedFormMethod(CamMethod[CamOptions]):
    """A method given by :meth:`raw_map`: ReLU, upsampling and normalisation are the same for all.

    Costs no forward pass beyond those of the activations and of the gradient.

    Attributes:
        formula: the conventions of :meth:`raw_map`, by name, for the manifest.
    """

    formula: ClassVar[Mapping[str, str]]

    @abc.abstractmethod
    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """The signed map (h, w) of class ``target`` before ReLU."""

    def conventions(self, options: CamOptions) -> dict[str, str]:  # noqa: ARG002 (the contract)
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            **self.formula,
            "relu": "before upsampling",
            "upsampling": "bilinear, align_corners=False",
            "normalisation": "min-max after upsampling",
        }

    def cached_raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """:meth:`raw_map`, computed once per image, weights, layer and (where it matters) class."""
        name = f"{self.name}/{target}" if self.class_specific else self.name
        return layer_inputs.native.recall(name, lambda: self.raw_map(layer_inputs, target))

    def compute(
        self,
        layer_inputs: LayerInputs,
        target: int,
        options: CamOptions,  # noqa: ARG002 (the contract)
        report: Report,
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`; reports once, at the end."""
        result = CamResult(heatmap(self.cached_raw_map(layer_inputs, target), layer_inputs.size))
        report(1, 1, result.heatmap)
        return result

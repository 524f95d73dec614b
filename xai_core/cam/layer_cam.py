"""LayerCAM: Jiang, Zhang, Hou, Cheng, Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps
for Localization", IEEE Transactions on Image Processing 30, 2021, pp. 5875-5888."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.normalise import heatmap
from xai_core.cam.options import CamOptions
from xai_core.types import Report


def layer_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """The signed map sum_k ReLU(dy/dA_k) A_k before ReLU: two (K, h, w) -> (h, w).

    In logits: where the gradient is positive, gradient times activation is the first-order
    contribution of that channel at that position to the logit.  The map is negative where
    channels of negative activation outweigh the others.
    """
    return (torch.relu(gradient) * activation).sum(0)


class LayerCam(CamMethod[CamOptions]):
    """LayerCAM as a method; needs one gradient and no further forward pass."""

    name = "layer-cam"
    title = "LayerCAM"
    unit = "logit per position of the layer"
    description = (
        "Each feature is weighted at every position by its own slope there: how much the class's "
        "score would rise if that feature were a little stronger at that very place; slopes that "
        "lower the score do not count."
    )
    reference = (
        'Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", '
        "IEEE Transactions on Image Processing 30, 2021, pp. 5875-5888"
    )
    needs = frozenset({Need.ACTIVATIONS, Need.GRADIENT})
    order = 50

    def conventions(self, options: CamOptions) -> dict[str, str]:  # noqa: ARG002 (the contract)
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": "class logit",
            "weights": "ReLU of the gradient, at each position",
            "relu": "before upsampling",
            "upsampling": "bilinear, align_corners=False",
            "normalisation": "min-max after upsampling",
        }

    def compute(
        self,
        layer_inputs: LayerInputs,
        target: int,
        options: CamOptions,  # noqa: ARG002 (the contract)
        report: Report,
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`; reports once, at the end."""
        native = layer_inputs.native.recall(
            f"{self.name}/{target}",
            lambda: layer_cam(layer_inputs.activation, layer_inputs.gradient(target)),
        )
        result = CamResult(heatmap(native, layer_inputs.size))
        report(1, 1, result.heatmap)
        return result

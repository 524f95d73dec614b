"""Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization", ICCV 2017, arXiv:1610.02391."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.normalise import heatmap
from xai_core.cam.options import CamOptions
from xai_core.types import Report


def channel_weights(gradient: Tensor) -> Tensor:
    """w_k, the mean over positions of the gradient of the class's logit: (K, h, w) -> (K,)."""
    return gradient.mean((-2, -1))


def grad_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """The signed map sum_k w_k A_k before ReLU: two (K, h, w) -> (h, w).

    In logits per position.  Where the gradient is the same at every position (as at the last
    stage, whose head pools), the map's sum is the first-order contribution of the layer to the
    logit.
    """
    return torch.einsum("k,khw->hw", channel_weights(gradient), activation)


def native_map(layer_inputs: LayerInputs, target: int) -> Tensor:
    """The signed raw map (h, w) of class ``target``, cached: Grad-CAM and Hybrid-CAM both use
    it."""
    return layer_inputs.native.recall(
        f"grad-cam/{target}",
        lambda: grad_cam(layer_inputs.activation, layer_inputs.gradient(target)),
    )


class GradCam(CamMethod[CamOptions]):
    """Grad-CAM as a method; needs one gradient and no further forward pass."""

    name = "grad-cam"
    title = "Grad-CAM"
    description = (
        "How much would the class's score rise if the network's features were a little stronger? "
        "Each feature map is weighted by that slope (the mean gradient) and summed."
    )
    reference = "Selvaraju et al., ICCV 2017, arXiv:1610.02391"
    unit = "logit per position of the layer"
    needs = frozenset({Need.ACTIVATIONS, Need.GRADIENT})
    order = 20

    def conventions(self, options: CamOptions) -> dict[str, str]:  # noqa: ARG002 (the contract)
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": "class logit",
            "weights": "mean of the gradient over positions",
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
        result = CamResult(heatmap(native_map(layer_inputs, target), layer_inputs.size))
        report(1, 1, result.heatmap)
        return result

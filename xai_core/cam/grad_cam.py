"""Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization", ICCV 2017, arXiv:1610.02391."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod


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


class GradCam(ClosedFormMethod):
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
    formula = {  # noqa: RUF012 (read only)
        "score": "{score}",
        "weights": "mean of the gradient over positions",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """See :func:`grad_cam`."""
        return grad_cam(layer_inputs.activation, layer_inputs.gradient(target))

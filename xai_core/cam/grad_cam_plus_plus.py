"""Grad-CAM++: Chattopadhay, Sarkar, Howlader, Balasubramanian, "Grad-CAM++: Improved Visual
Explanations for Deep Convolutional Networks", WACV 2018, arXiv:1710.11063."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod

EPS = 1e-30
"""Added to the denominator of alpha, in the units of g^2.  The paper has no such term; this one is
far below g^2 (about 1e-12 in the built-in model), so it matters only where g is nearly 0.
pytorch-grad-cam adds 1e-6, which is far above g^2 there: its alpha is then about g^2 / 1e-6 instead
of the paper's 1 / (2 + sum(A) g)."""


def channel_weights(activation: Tensor, gradient: Tensor, eps: float = EPS) -> Tensor:
    """w_k = sum_ij alpha_k,ij ReLU(g_k,ij): two (K, h, w) -> float64 (K,).

    alpha_k,ij = g^2 / (2 g^2 + sum_ab(A_k,ab) g^3 + eps), and 0 where g = 0 (the paper's equation
    19, with the exponential of the logit as the class score: its second and third derivatives are
    then the score times g^2 and g^3).  Only positive gradients count.

    The paper assumes non-negative activations, for which alpha is between 0 and 1/2.  ConvNeXt's
    activations may be negative: where sum(A) g is below -2, alpha is negative, and near -2 large.
    """
    g = gradient.double()
    total = activation.double().sum((-2, -1), keepdim=True)
    alpha = g**2 / (2 * g**2 + total * g**3 + eps)
    return torch.where(g > 0, alpha * g, torch.zeros_like(g)).sum((-2, -1))


def grad_cam_plus_plus(activation: Tensor, gradient: Tensor, eps: float = EPS) -> Tensor:
    """The signed map sum_k w_k A_k before ReLU: two (K, h, w) -> float64 (h, w)."""
    weights = channel_weights(activation, gradient, eps)
    return torch.einsum("k,khw->hw", weights, activation.double())


class GradCamPlusPlus(ClosedFormMethod):
    """Grad-CAM++ as a method; needs one gradient and no further forward pass."""

    name = "grad-cam-plus-plus"
    title = "Grad-CAM++"
    unit = "weighted sum of activations"
    description = (
        "As Grad-CAM, each feature map gets one weight from its slopes, but only slopes that raise "
        "the class's score count, and each position gets a share of its own, so that several small "
        "areas count as much as one large one."
    )
    reference = (
        'Chattopadhay et al., "Grad-CAM++: Improved Visual Explanations for Deep Convolutional '
        'Networks", WACV 2018, arXiv:1710.11063'
    )
    needs = frozenset({Need.ACTIVATIONS, Need.GRADIENT})
    order = 40
    formula = {  # noqa: RUF012 (read only)
        "score": "exponential of the {score}, so that its second and third derivatives are powers "
        "of the gradient g",
        "alpha": f"g^2 / (2 g^2 + (sum of A over positions) g^3 + {EPS:g}), 0 where g is 0",
        "weights": "sum over positions of alpha * ReLU(g)",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """See :func:`grad_cam_plus_plus`."""
        return grad_cam_plus_plus(layer_inputs.activation, layer_inputs.gradient(target))

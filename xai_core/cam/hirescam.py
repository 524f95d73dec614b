"""HiResCAM: Draelos, Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of
convolutional neural networks", arXiv:2011.08891 (2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod

ROUNDING = 1e-5
"""A map of at most this share of the terms that it is a sum of is their rounding error."""


def hirescam(activation: Tensor, gradient: Tensor) -> Tensor:
    """The signed map sum_k dy/dA_k A_k before ReLU: two (K, h, w) -> (h, w).

    In logits: the first-order contribution of each position to the score.  Where the gradient is
    the same at every position, as at a last stage whose head pools, this is Grad-CAM's map.

    Where a LayerNorm over channels follows the layer, the score does not change if one position's
    activations are scaled, so its gradient is orthogonal to them and the sum is 0.  What float32
    leaves of it (see ROUNDING) is set to 0, so that no map is made of it.
    """
    terms = gradient * activation
    total = terms.sum(0)
    if float(total.abs().max()) <= ROUNDING * float(terms.abs().sum(0).max()):
        return torch.zeros_like(total)
    return total


class HiResCam(ClosedFormMethod):
    """HiResCAM as a method; needs one gradient and no further forward pass."""

    name = "hirescam"
    title = "HiResCAM"
    unit = "logit per position of the layer"
    description = (
        "As Grad-CAM, but every feature is multiplied by its slope at each place before anything "
        "is averaged, so that a place lights up only if features there raise the class's score."
    )
    reference = (
        'Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of '
        'convolutional neural networks", arXiv:2011.08891 (2020)'
    )
    needs = frozenset({Need.ACTIVATIONS, Need.GRADIENT})
    order = 55
    note = (
        "HiResCAM shows nothing at a layer that a LayerNorm follows, as after Stage 3 of ConvNeXt: "
        "gradient times activation cancels there at every position; at the last stage it is "
        "Grad-CAM's map."
    )
    formula = {  # noqa: RUF012 (read only)
        "score": "{score}",
        "weights": "the gradient at each position, of either sign",
        "rounding": f"0 where no sum exceeds {ROUNDING:g} of its terms",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """See :func:`hirescam`."""
        return hirescam(layer_inputs.activation, layer_inputs.gradient(target))

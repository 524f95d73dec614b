"""HiResCAM: Draelos, Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of
convolutional neural networks", arXiv:2011.08891 (2020)."""

from __future__ import annotations

from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod


def hirescam(activation: Tensor, gradient: Tensor) -> Tensor:
    """The signed map sum_k dy/dA_k A_k before ReLU: two (K, h, w) -> (h, w).

    In logits: the first-order contribution of each position to the score.  Where the gradient is
    the same at every position, as at a last stage whose head pools, this is Grad-CAM's map.
    """
    return (gradient * activation).sum(0)


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
    formula = {  # noqa: RUF012 (read only)
        "score": "{score}",
        "weights": "the gradient at each position, of either sign",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """See :func:`hirescam`."""
        return hirescam(layer_inputs.activation, layer_inputs.gradient(target))

"""LayerCAM: Jiang, Zhang, Hou, Cheng, Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps
for Localization", IEEE Transactions on Image Processing 30, 2021, pp. 5875-5888."""

from __future__ import annotations

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod


def layer_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """The signed map sum_k ReLU(dy/dA_k) A_k before ReLU: two (K, h, w) -> (h, w).

    In logits: where the gradient is positive, gradient times activation is the first-order
    contribution of that channel at that position to the logit.  The map is negative where
    channels of negative activation outweigh the others.
    """
    return (torch.relu(gradient) * activation).sum(0)


class LayerCam(ClosedFormMethod):
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
    formula = {  # noqa: RUF012 (read only)
        "score": "{score}",
        "weights": "ReLU of the gradient, at each position",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:
        """See :func:`layer_cam`."""
        return layer_cam(layer_inputs.activation, layer_inputs.gradient(target))

"""A loss that asks the evidence for malignancy to lie on the lesion.

The evidence is the Grad-CAM of the malignant logit at the last block of Stage 3 (Selvaraju et al.,
ICCV 2017, equations 1 and 2): relu(sum over channels of the mean gradient times the activation).
The loss is minus the logarithm of the share of it that lies on the mask, over the images that show
a malignant lesion.  Similar in aim: Ross et al., "Right for the Right Reasons", IJCAI 2017.

The gradient is itself differentiated.  Only Stage 4 and the head lie between, so that this costs
little; it is computed in float32, since bfloat16 loses small gradients.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from xai_core.types import MALIGNANT

_LEAST = 0.02  # added to the share: a map off the lesion has a loss of about 4, not infinity
_MOST_IMAGES = 4  # of a batch, to bound the cost


class SmoothGlobalResponseNorm(nn.Module):
    """timm's global response normalisation, whose gradient can be differentiated.

    timm takes a norm, which has no derivative where a channel is 0 throughout: the second
    derivative is then not a number.  Here the root is of the sum of squares plus 1e-12; the
    parameters and, up to that, the values are timm's.
    """

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        given = cast(Any, norm)
        self.weight, self.bias, self.eps = given.weight, given.bias, given.eps
        self.spatial, self.channel = given.spatial_dim, given.channel_dim
        self.shape = given.wb_shape

    def forward(self, x: Tensor) -> Tensor:
        size = (x.float().square().sum(self.spatial, keepdim=True) + 1e-12).sqrt()
        relative = (size / (size.mean(self.channel, keepdim=True) + self.eps)).to(x.dtype)
        weight, bias = self.weight.view(self.shape), self.bias.view(self.shape)
        out: Tensor = x + bias + weight * (x * relative)
        return out


def evidence_loss(
    trunk: nn.Module, activations: Tensor, mask: Tensor, malignant: Tensor
) -> Tensor:  # fmt: skip
    """The mean loss, 0 where no image is malignant with something marked.

    Args:
        trunk: the classifier, with :class:`SmoothGlobalResponseNorm` in its last stage.
        activations: (B, C, h, w), the output of Stage 3.
        mask: float (B, 1, S, S), of lesions.
        malignant: bool (B,), the images that show a malignant lesion.
    """
    chosen = torch.nonzero(malignant & (mask.sum((1, 2, 3)) > 0))[:_MOST_IMAGES, 0]
    if not len(chosen):
        return activations.new_zeros((), dtype=torch.float32)
    network = cast(Any, trunk)
    with torch.autocast(activations.device.type, enabled=False):
        here = activations[chosen].float()
        logits = network.forward_head(network.norm_pre(network.stages[-1](here)))
        (gradient,) = torch.autograd.grad(logits[:, MALIGNANT].sum(), here, create_graph=True)
        weights = gradient.mean((2, 3), keepdim=True)
        cam = F.relu((weights * here).sum(1))
        on_lesion = F.adaptive_max_pool2d(mask[chosen], cam.shape[-2:])[:, 0]
        # In units of the map's own mean, so that no map is too faint to be steered.
        total = cam.sum((1, 2))
        share = (cam * on_lesion).sum((1, 2)) / (total + 1e-6)
        return -torch.log(share + _LEAST).mean()

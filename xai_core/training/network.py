"""The network as it is trained: ConvNeXt V2 with dense heads that are dropped at export.

A lesion is a few patches among hundreds; a loss on every patch (is it lesion, is it malignant)
teaches from scratch what the image's label alone would take far longer to teach.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from xai_core.model import torchvision_shim

TIMM_NAME = "convnextv2_tiny"


class DenselyTaught(nn.Module):
    """``trunk``: the classifier.  ``heads``: two maps (lesion, malignant) per stage 2 to 4.
    ``frozen``: no gradient reaches stem and stages 1 and 2."""

    def __init__(self, timm_name: str = TIMM_NAME, drop_path: float = 0.05) -> None:
        super().__init__()
        torchvision_shim.install()
        import timm  # after the shim: see torchvision_shim

        self.trunk: Any = timm.create_model(
            timm_name, pretrained=False, num_classes=2, drop_path_rate=drop_path
        )
        self.frozen = False
        widths = [info["num_chs"] for info in self.trunk.feature_info][1:]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(1, width), nn.Conv2d(width, 2, 1)) for width in widths
        )
        fan_in_initialise(self)
        for head in self.heads:
            nn.init.constant_(cast(Any, head)[1].bias, -2.0)  # most patches hold no lesion

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """Dense maps of stages 2, 3, 4 (each (B, 2, h, w)) and the logits (B, 2)."""
        t = self.trunk
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            x = t.stages[1](t.stages[0](t.stem(x)))
        maps = [self.heads[0](x)]
        for stage, head in zip(list(t.stages)[2:], list(self.heads)[1:], strict=True):
            x = stage(x)
            maps.append(head(x))
        return maps, t.forward_head(t.norm_pre(x))


def fan_in_initialise(model: nn.Module) -> None:
    """Truncated normal, std 1/sqrt(fan-in): timm's 0.02 starts the residual branches near 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.trunc_normal_(module.weight, std=min(0.3, fan_in**-0.5))


def loss(
    maps: list[Tensor], logits: Tensor, mask: Tensor, malignant: Tensor,
    dense_weight: float, class_weight: float, classed: Tensor,
) -> Tensor:  # fmt: skip
    """Weighted sum of the dense losses of all stages and the image's cross-entropy.

    ``mask``: float (B, 1, S, S).  ``malignant``: long (B,).  ``classed``: float (B,), 0 where the
    image's class does not count.
    """
    each = F.cross_entropy(logits.float(), malignant, label_smoothing=0.05, reduction="none")
    total = class_weight * (each * classed).sum() / classed.sum().clamp(min=1)
    for weight, dense in zip((0.5, 1.0, 0.5), maps, strict=True):
        lesion = F.adaptive_max_pool2d(mask, dense.shape[-2:])
        wanted = torch.cat([lesion, lesion * malignant.view(-1, 1, 1, 1)], dim=1)
        # A lesion patch counts seven times: it is rare, and half of them are not malignant.
        emphasis = 1 + 6 * lesion.expand_as(wanted)
        total = total + dense_weight * weight * F.binary_cross_entropy_with_logits(
            dense.float(), wanted, weight=emphasis
        )
    return total

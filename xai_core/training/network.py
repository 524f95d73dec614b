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
from xai_core.training.depthwise import DepthwiseConv2d
from xai_core.training.words import TABLES, UNKNOWN

TIMM_NAME = "convnextv2_tiny"
FAMILY = "convnextv2_"


def known(timm_name: str) -> bool:
    """Whether timm has a ConvNeXt V2 of that name."""
    torchvision_shim.install()
    import timm  # after the shim: see torchvision_shim

    return timm_name.startswith(FAMILY) and bool(timm.is_model(timm_name))


class DenselyTaught(nn.Module):
    """``trunk``: the classifier.  ``heads``: two maps (lesion, malignant) per stage 2 to 4.
    ``namers``: the descriptors' logits, from what stages 3 and 4 hold where the lesion is."""

    def __init__(self, timm_name: str = TIMM_NAME, drop_path: float = 0.05) -> None:
        super().__init__()
        torchvision_shim.install()
        import timm  # after the shim: see torchvision_shim

        self.trunk: Any = timm.create_model(
            timm_name, pretrained=False, num_classes=2, drop_path_rate=drop_path
        )
        for stage in self.trunk.stages:
            for block in stage.blocks:
                block.conv_dw = DepthwiseConv2d.of(block.conv_dw)
        widths = [info["num_chs"] for info in self.trunk.feature_info][1:]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(1, width), nn.Conv2d(width, 2, 1)) for width in widths
        )
        n = sum(len(values) for values in TABLES.values())
        self.namers = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n)) for width in widths[1:]
        )
        fan_in_initialise(self)
        for head in self.heads:
            nn.init.constant_(cast(Any, head)[1].bias, -2.0)  # most patches hold no lesion

    def forward(self, x: Tensor, mask: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Dense maps of stages 2, 3, 4 (each (B, 2, h, w)), the descriptors' logits of stages 3 and
        4 (each (B, n)), and the logits (B, 2).  ``mask``: float (B, 1, S, S)."""
        t = self.trunk
        x = t.stages[1](t.stages[0](t.stem(x)))
        maps = [self.heads[0](x)]
        held: list[Tensor] = []
        for stage, head in zip(list(t.stages)[2:], list(self.heads)[1:], strict=True):
            x = stage(x)
            maps.append(head(x))
            here = F.adaptive_max_pool2d(mask, x.shape[-2:])
            held.append((x * here).sum((2, 3)) / here.sum((2, 3)).clamp(min=1))
        named = [namer(h) for namer, h in zip(self.namers, held, strict=True)]
        return maps, named, t.forward_head(t.norm_pre(x))


def fan_in_initialise(model: nn.Module) -> None:
    """Truncated normal, std 1/sqrt(fan-in): timm's 0.02 starts the residual branches near 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.trunc_normal_(module.weight, std=min(0.3, fan_in**-0.5))


def naming_loss(named: list[Tensor], words: Tensor) -> Tensor:
    """Mean cross-entropy over the terms that apply.  ``words``: long (B, terms)."""
    total, known = named[0].new_zeros(()), 0
    for logits in named:
        parts = logits.float().split([len(values) for values in TABLES.values()], dim=1)
        for part, number in zip(parts, words.T, strict=True):
            there = int((number != UNKNOWN).sum())
            if there:
                total = total + F.cross_entropy(part, number, ignore_index=UNKNOWN) * there
            known += there
    return total / max(known, 1)


def loss(
    maps: list[Tensor], logits: Tensor, mask: Tensor, target: Tensor,
    dense_weight: float, class_weight: float, classed: Tensor,
) -> Tensor:  # fmt: skip
    """Weighted sum of the dense losses of all stages and the image's cross-entropy.

    ``mask``: float (B, 1, S, S).  ``target``: float (B,), probability of malignancy.  ``classed``:
    float (B,), 0 where the image's class does not count.
    """
    wanted_class = torch.stack([1 - target, target], dim=1)
    each = F.cross_entropy(logits.float(), wanted_class, label_smoothing=0.02, reduction="none")
    total = class_weight * (each * classed).sum() / classed.sum().clamp(min=1)
    for weight, dense in zip((0.5, 1.0, 0.5), maps, strict=True):
        lesion = F.adaptive_max_pool2d(mask, dense.shape[-2:])
        wanted = torch.cat([lesion, lesion * target.view(-1, 1, 1, 1)], dim=1)
        # A lesion patch counts seven times: it is rare, and half of them are not malignant.
        emphasis = 1 + 6 * lesion.expand_as(wanted)
        total = total + dense_weight * weight * F.binary_cross_entropy_with_logits(
            dense.float(), wanted, weight=emphasis
        )
    return total

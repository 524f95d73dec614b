"""The network in training: ConvNeXt V2 with additional heads that are dropped at export, its
losses, and a depthwise convolution with a faster gradient.

A lesion covers a few patches among hundreds.  A loss on every patch (whether it is lesion, and
whether malignant) trains from scratch much faster than the image's label alone.

On a processor PyTorch's gradient of the weights of a 7 x 7 depthwise convolution is slow for small
maps, such as those of crops.  It is the correlation of the input with the output's gradient, per
channel; here it is computed as bands of matrix products along rows, for one shift of rows after the
other.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from xai_core.model.initialisation import fan_in_initialise
from xai_core.model.torchvision_shim import import_timm
from xai_core.training.evidence import SmoothGlobalResponseNorm
from xai_core.training.sample import DESCRIPTOR_VALUES, UNKNOWN

# --- Depthwise convolution --------------------------------------------------------------------

_LARGEST = 24  # px; on larger maps PyTorch's own gradient is faster


class DepthwiseConv2d(nn.Conv2d):
    """A replacement for a depthwise ``nn.Conv2d`` with a square, odd kernel, stride 1 and same
    padding; it has the same weights."""

    @classmethod
    def of(cls, conv: nn.Conv2d) -> DepthwiseConv2d:
        """The same convolution, with shared parameters.

        Raises:
            ValueError: ``conv`` is of another kind.
        """
        k = conv.kernel_size[0]
        same = conv.kernel_size == (k, k) and conv.padding == (k // 2, k // 2) and k % 2 == 1
        plain = conv.stride == (1, 1) and conv.dilation == (1, 1)
        if not (same and plain and conv.groups == conv.in_channels == conv.out_channels):
            raise ValueError(f"{conv} is not a square same-padded depthwise convolution.")
        new = cls(
            conv.in_channels, conv.out_channels, k, padding=k // 2, groups=conv.groups,
            bias=conv.bias is not None,
        )  # fmt: skip
        new.weight, new.bias = conv.weight, conv.bias
        return new

    def _by_products(self, input: Tensor) -> bool:
        """Whether to compute the weights' gradient by matrix products."""
        small = max(input.shape[-2:]) <= _LARGEST and input.device.type == "cpu"
        return small and self.weight.requires_grad

    def forward(self, input: Tensor) -> Tensor:
        if not self._by_products(input):
            return super().forward(input)
        x, weight = input, self.weight
        if torch.is_autocast_enabled(x.device.type):
            dtype = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(dtype), weight.to(dtype)
        out = cast(Tensor, cast(Any, _Depthwise).apply(x, weight))
        return out if self.bias is None else out + self.bias.to(out.dtype)[:, None, None]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, None, 1, weight.shape[-1] // 2, 1, weight.shape[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor]:
        (x, weight), (grad,) = ctx.saved_tensors, grads
        k, channels = weight.shape[-1], weight.shape[0]
        by_input = None
        if ctx.needs_input_grad[0]:
            by_input = torch.ops.aten.convolution_backward(
                grad, x, weight, None, [1, 1], [k // 2, k // 2], [1, 1], False, [0, 0], channels,
                [True, False, False],
            )[0]  # fmt: skip
        return by_input, weight_gradient(x, grad, k).to(weight.dtype)


def weight_gradient(x: Tensor, grad: Tensor, k: int) -> Tensor:
    """float32 (C, 1, k, k): the sum over images and positions of ``grad`` times ``x`` shifted by up
    to k // 2 in each direction.  ``x``, ``grad``: (B, C, H, W)."""
    images, channels, height, width = x.shape
    half = k // 2
    # (C, W, H * B): a row's shift is then a slice, and the products sum over rows and images.
    flat = x.float().permute(1, 3, 2, 0).reshape(channels, width, height * images)
    by = grad.float().permute(1, 3, 2, 0).reshape(channels, width, height * images)
    rows = []
    for shift in range(-half, half + 1):
        first, last = max(0, -shift), min(height, height - shift)
        if last <= first:
            rows.append(flat.new_zeros(channels, width * width))
            continue
        here = by[:, :, first * images : last * images]
        there = flat[:, :, (first + shift) * images : (last + shift) * images]
        rows.append(torch.bmm(here, there.transpose(1, 2)).reshape(channels, width * width))
    column = torch.arange(width, device=x.device)
    apart = column[None, :] - column[:, None] + half
    band = apart[..., None] == torch.arange(k, device=x.device)
    summed = torch.stack(rows, 1) @ band.reshape(width * width, k).to(flat.dtype)
    return summed.reshape(channels, 1, k, k)


# --- The network ------------------------------------------------------------------------------

TIMM_NAME = "convnextv2_tiny"
FAMILY = "convnextv2_"


def is_convnext_v2(timm_name: str) -> bool:
    """Whether timm has a ConvNeXt V2 of that name."""
    timm = import_timm()
    return timm_name.startswith(FAMILY) and bool(timm.is_model(timm_name))


class TrainingNetwork(nn.Module):
    """The classifier with the additional heads of training.

    ``trunk``: the classifier.  ``heads``: dense heads, two maps (lesion, malignant) for each of
    stages 2 to 4.  ``namers``: descriptor heads, the logits of the lexicon's descriptors from the
    mean activation of stages 3 and 4 on the lesion.  These names are keys in checkpoints.
    """

    def __init__(self, timm_name: str = TIMM_NAME, drop_path: float = 0.05) -> None:
        super().__init__()
        timm = import_timm()
        self.trunk: Any = timm.create_model(
            timm_name, pretrained=False, num_classes=2, drop_path_rate=drop_path
        )
        for stage in self.trunk.stages:
            for block in stage.blocks:
                block.conv_dw = DepthwiseConv2d.of(block.conv_dw)
        for block in self.trunk.stages[-1].blocks:
            block.mlp.grn = SmoothGlobalResponseNorm(block.mlp.grn)
        widths = [info["num_chs"] for info in self.trunk.feature_info][1:]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(1, width), nn.Conv2d(width, 2, 1)) for width in widths
        )
        n = sum(len(values) for values in DESCRIPTOR_VALUES.values())
        self.namers = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n)) for width in widths[1:]
        )
        fan_in_initialise(self)
        for head in self.heads:
            nn.init.constant_(cast(Any, head)[1].bias, -2.0)  # most patches contain no lesion

    def forward(self, x: Tensor, mask: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor]:
        """The dense maps of stages 2, 3, 4 (each (B, 2, h, w)), the descriptors' logits from stages
        3 and 4 (each (B, n)), the class logits (B, 2), and the output of stage 3 (B, C, h, w).
        ``mask``: float (B, 1, S, S)."""
        t = self.trunk
        x = t.stages[1](t.stages[0](t.stem(x)))
        maps = [self.heads[0](x)]
        on_lesion: list[Tensor] = []
        outputs: list[Tensor] = []
        for stage, head in zip(list(t.stages)[2:], list(self.heads)[1:], strict=True):
            x = stage(x)
            outputs.append(x)
            maps.append(head(x))
            here = F.adaptive_max_pool2d(mask, x.shape[-2:])
            on_lesion.append((x * here).sum((2, 3)) / here.sum((2, 3)).clamp(min=1))
        descriptors = [head(mean) for head, mean in zip(self.namers, on_lesion, strict=True)]
        return maps, descriptors, t.forward_head(t.norm_pre(x)), outputs[0]


# --- Losses -----------------------------------------------------------------------------------


def descriptor_loss(descriptor_logits: list[Tensor], labels: Tensor) -> Tensor:
    """Mean cross-entropy over the terms with a known value.  ``descriptor_logits``: of stages 3 and
    4, each (B, n).  ``labels``: long (B, terms)."""
    total, count = descriptor_logits[0].new_zeros(()), 0
    sizes = [len(values) for values in DESCRIPTOR_VALUES.values()]
    for logits in descriptor_logits:
        parts = logits.float().split(sizes, dim=1)
        for part, label in zip(parts, labels.T, strict=True):
            known = int((label != UNKNOWN).sum())
            if known:
                total = total + F.cross_entropy(part, label, ignore_index=UNKNOWN) * known
            count += known
    return total / max(count, 1)


def loss(
    maps: list[Tensor], logits: Tensor, mask: Tensor, target: Tensor,
    dense_weight: float, class_weight: float, class_counts: Tensor,
) -> Tensor:  # fmt: skip
    """The weighted sum of the dense losses of all stages and the image's cross-entropy.

    ``mask``: float (B, 1, S, S).  ``target``: float (B,), probability of malignancy.
    ``class_counts``: float (B,), 0 where the image's class does not count.
    """
    wanted_class = torch.stack([1 - target, target], dim=1)
    each = F.cross_entropy(logits.float(), wanted_class, label_smoothing=0.02, reduction="none")
    total = class_weight * (each * class_counts).sum() / class_counts.sum().clamp(min=1)
    for weight, dense in zip((0.5, 1.0, 0.5), maps, strict=True):
        lesion = F.adaptive_max_pool2d(mask, dense.shape[-2:])
        wanted = torch.cat([lesion, lesion * target.view(-1, 1, 1, 1)], dim=1)
        # A lesion patch gets seven times the weight: they are rare, and half are not malignant.
        emphasis = 1 + 6 * lesion.expand_as(wanted)
        total = total + dense_weight * weight * F.binary_cross_entropy_with_logits(
            dense.float(), wanted, weight=emphasis
        )
    return total

"""The network that is trained: trunk and heads, and a faster depthwise gradient.

Depthwise convolution whose weights' gradient is found by matrix products.

On a processor PyTorch's own gradient of a 7 x 7 depthwise convolution's weights is slow where the
map is small, as it is on crops.  It is the correlation of the input with the output's gradient, by
channel; along a row it is a band of a matrix product, and rows are shifted one by one.

The network as it is trained: ConvNeXt V2 with dense heads that are dropped at export.

A lesion is a few patches among hundreds; a loss on every patch (is it lesion, is it malignant)
teaches from scratch what the image's label alone would take far longer to teach."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from xai_core.model import torchvision_shim
from xai_core.model.initialisation import fan_in_initialise
from xai_core.training.sample import TABLES, UNKNOWN

_LARGEST = 24  # px: on larger maps PyTorch's own way is the faster


class DepthwiseConv2d(nn.Conv2d):
    """A drop-in for a square, odd, stride 1, same-padded depthwise ``nn.Conv2d``; same weights."""

    @classmethod
    def of(cls, conv: nn.Conv2d) -> DepthwiseConv2d:
        """The same convolution, its parameters shared.

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
    """float32 (C, 1, k, k): sum over images and places of ``grad`` times ``x``, shifted by up to
    k // 2 each way.  ``x``, ``grad``: (B, C, H, W), H and W alike."""
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

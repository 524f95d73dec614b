"""Depthwise convolution whose weights' gradient is found by matrix products.

On a processor PyTorch's own gradient of a 7 x 7 depthwise convolution's weights is slow where the
map is small, as it is on crops.  It is the correlation of the input with the output's gradient, by
channel; along a row it is a band of a matrix product, and rows are shifted one by one.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

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

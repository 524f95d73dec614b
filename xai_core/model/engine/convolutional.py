"""ConvNeXt V2 rewritten with convolutions only: the same function, in a form that compiles well.

timm's blocks transpose to channels-last for two linear layers and back, so that a compiled network
copies arrays between layers.  Written as 1x1 convolutions on channels-first arrays nothing is
transposed, and constants are folded into the weights: the norm's scale and shift into the first
layer, the shift of the global response norm (GRN) into the second (Woo et al. 2023, ConvNeXt V2,
section 3.2).  The results are equal up to rounding, which the parity check verifies at each use.
"""

from __future__ import annotations

import copy
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

FORM = 1
"""Version of this form; increased when converted networks kept on disk must not be used any
more."""


def as_convolutions(network: nn.Module) -> nn.Module:
    """A copy on the processor, in evaluation mode, whose ConvNeXt V2 blocks are convolutions.

    Other modules are copied unchanged.
    """
    own = copy.deepcopy(network).cpu().eval()
    with torch.no_grad():
        for parent in list(own.modules()):
            for name, child in list(parent.named_children()):
                if _is_block(child):
                    setattr(parent, name, _Block(child))
                elif type(child).__name__ == "LayerNorm2d" and _scales_and_shifts(child):
                    setattr(parent, name, _ChannelNorm(child.eps, child.weight, child.bias))
    return own.eval()


def _is_block(module: Any) -> bool:
    """Whether ``module`` is timm's ConvNeXt block with a channels-last GRN and no change of
    shape."""
    return (
        type(module).__name__ == "ConvNeXtBlock"
        and not module.use_conv_mlp
        and module.gamma is None
        and isinstance(module.shortcut, nn.Identity)
        and _scales_and_shifts(module.norm)
        and hasattr(module.mlp, "grn")
    )


def _scales_and_shifts(norm: nn.Module) -> TypeGuard[nn.LayerNorm]:
    return isinstance(norm, nn.LayerNorm) and norm.weight is not None and norm.bias is not None


class _ChannelNorm(nn.Module):
    """Layer norm over the channels of (B, C, H, W) in elementary operations; ``scale`` and
    ``shift`` are None where they are folded into the next layer."""

    def __init__(self, eps: float, scale: Tensor | None, shift: Tensor | None) -> None:
        super().__init__()
        self.eps = eps
        self.scale = None if scale is None else nn.Parameter(scale[:, None, None].clone())
        self.shift = None if shift is None else nn.Parameter(shift[:, None, None].clone())

    def forward(self, x: Tensor) -> Tensor:
        x = x - x.mean(1, keepdim=True)
        x = x * torch.rsqrt((x * x).mean(1, keepdim=True) + self.eps)
        return x if self.scale is None or self.shift is None else x * self.scale + self.shift


class _Block(nn.Module):
    """timm's ConvNeXt V2 block as convolutions."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        norm, mlp = block.norm, block.mlp
        self.depthwise = block.conv_dw
        self.norm = _ChannelNorm(norm.eps, None, None)
        self.widen = _pointwise(mlp.fc1, norm.weight, norm.bias)
        self.act = mlp.act
        self.response = nn.Parameter(mlp.grn.weight.flatten().clone())
        self.eps = mlp.grn.eps
        self.narrow = _pointwise(mlp.fc2, torch.ones_like(self.response), mlp.grn.bias.flatten())

    def forward(self, x: Tensor) -> Tensor:
        wide = self.act(self.widen(self.norm(self.depthwise(x))))
        # ``factor`` stays (B, C) until it is used: in one expression with ``wide`` a compiler would
        # repeat the division at every position.
        size = torch.linalg.vector_norm(wide, dim=(2, 3))
        factor = 1 + self.response * (size / (size.mean(1, keepdim=True) + self.eps))
        out: Tensor = x + self.narrow(wide * factor[:, :, None, None])
        return out


def _pointwise(linear: nn.Linear, scale: Tensor, shift: Tensor) -> nn.Conv2d:
    """The 1x1 convolution equal to ``linear`` applied to ``x * scale + shift`` (per channel)."""
    out = nn.Conv2d(linear.in_features, linear.out_features, 1)
    moved = linear.weight @ shift
    out.weight = nn.Parameter((linear.weight * scale)[:, :, None, None])
    out.bias = nn.Parameter(moved if linear.bias is None else moved + linear.bias)
    return out

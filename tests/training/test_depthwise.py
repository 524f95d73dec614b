"""Our depthwise convolution against PyTorch's: values, gradients, shared weights, refusals."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from xai_core.training.network import DepthwiseConv2d, TrainingNetwork, weight_gradient


@pytest.mark.parametrize("side", [1, 2, 4, 11, 24, 25])
@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_equal_pytorchs(side: int, bias: bool) -> None:
    torch.manual_seed(side)
    theirs = nn.Conv2d(6, 6, 7, padding=3, groups=6, bias=bias)
    ours = DepthwiseConv2d.of(theirs)
    assert ours.weight is theirs.weight
    x = torch.randn(3, 6, side, side, requires_grad=True)
    towards = torch.randn(3, 6, side, side)
    torch.testing.assert_close(ours(x), theirs(x))
    of = [x, *theirs.parameters()]
    for a, b in zip(
        torch.autograd.grad(ours(x), of, towards), torch.autograd.grad(theirs(x), of, towards),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_weight_gradient_equals_the_correlation() -> None:
    torch.manual_seed(0)
    x, grad = torch.randn(2, 3, 5, 5), torch.randn(2, 3, 5, 5)
    wide = nn.functional.pad(x, (1, 1, 1, 1))
    found = weight_gradient(x, grad, 3)
    for i in range(3):
        for j in range(3):
            wanted = (wide[..., i : i + 5, j : j + 5] * grad).sum((0, 2, 3))
            torch.testing.assert_close(found[:, 0, i, j], wanted)


def test_under_autocast_it_works_in_bfloat16_and_the_weights_stay_float32() -> None:
    torch.manual_seed(0)
    conv = DepthwiseConv2d.of(nn.Conv2d(4, 4, 7, padding=3, groups=4))
    x = torch.randn(2, 4, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        out = conv(x)
    assert out.dtype == torch.bfloat16
    out.float().sum().backward()
    assert conv.weight.grad is not None
    assert conv.weight.grad.dtype == torch.float32
    low = conv.weight.grad.clone()
    conv.weight.grad = None
    conv(x).sum().backward()
    torch.testing.assert_close(low, conv.weight.grad, rtol=0.03, atol=0.3)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(4, 4, 7, padding=3),
        nn.Conv2d(4, 8, 7, padding=3, groups=4),
        nn.Conv2d(4, 4, 7, padding=2, groups=4),
        nn.Conv2d(4, 4, 7, padding=3, stride=2, groups=4),
        nn.Conv2d(4, 4, 7, padding=6, dilation=2, groups=4),
        nn.Conv2d(4, 4, (7, 5), padding=(3, 2), groups=4),
    ],
)
def test_another_kind_of_convolution_is_refused(conv: nn.Conv2d) -> None:
    with pytest.raises(ValueError, match="depthwise"):
        DepthwiseConv2d.of(conv)


def test_training_network_uses_it_and_keeps_the_names_of_weights() -> None:
    import timm

    trunk = TrainingNetwork("convnextv2_atto").trunk
    plain = timm.create_model("convnextv2_atto", pretrained=False, num_classes=2)
    assert set(trunk.state_dict()) == set(plain.state_dict())
    assert sum(isinstance(m, DepthwiseConv2d) for m in trunk.modules()) == 12

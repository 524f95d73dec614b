"""The loss on the class evidence: timm's values, finite second derivatives, its aim."""

from __future__ import annotations

import pytest
import torch
from timm.layers.grn import GlobalResponseNorm

from xai_core.training.evidence import SmoothGlobalResponseNorm, evidence_loss
from xai_core.training.network import TrainingNetwork


def test_the_norm_has_timm_s_values_and_parameters() -> None:
    torch.manual_seed(0)
    norm = GlobalResponseNorm(6)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    smooth = SmoothGlobalResponseNorm(norm)
    assert dict(smooth.named_parameters()).keys() == dict(norm.named_parameters()).keys()
    x = torch.randn(2, 4, 5, 6)
    x[..., 3] = 0
    torch.testing.assert_close(smooth(x), norm(x), atol=1e-5, rtol=1e-5)


def second_derivative(norm: torch.nn.Module) -> torch.Tensor:
    x = torch.zeros(1, 2, 2, 3)
    x[..., 1:] = torch.randn(1, 2, 2, 2)
    x.requires_grad_(True)
    (first,) = torch.autograd.grad((norm(x) ** 2).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    return second


def test_its_second_derivative_is_finite_where_a_channel_is_0_and_timm_s_is_not() -> None:
    norm = GlobalResponseNorm(3)
    torch.nn.init.ones_(norm.weight)
    assert not torch.isfinite(second_derivative(norm)).all(), "if timm mends it, use timm's"
    assert torch.isfinite(second_derivative(SmoothGlobalResponseNorm(norm))).all()


class Head(torch.nn.Module):
    """A network whose malignant logit is the mean of channel 0 minus the mean of channel 1."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = [torch.nn.Identity()]

    def norm_pre(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def forward_head(self, x: torch.Tensor) -> torch.Tensor:
        means = x.mean((2, 3))
        return torch.stack([means[:, 1] - means[:, 0], means[:, 0] - means[:, 1]], 1)


def test_loss_worked_by_hand() -> None:
    """Channel 0 is 3 on the lesion's patch and 1 beside it: three quarters of the evidence."""
    activations = torch.zeros(1, 2, 1, 2, requires_grad=True)
    with torch.no_grad():
        activations[0, 0, 0] = torch.tensor([3.0, 1.0])
    mask = torch.zeros(1, 1, 4, 8)
    mask[..., :4] = 1
    malignant = torch.tensor([True])
    value = evidence_loss(Head(), activations, mask, malignant)
    assert float(value.detach()) == pytest.approx(
        -float(torch.log(torch.tensor(0.75 + 0.02))), abs=1e-5
    )
    (gradient,) = torch.autograd.grad(value, activations)
    assert gradient[0, 0, 0, 0] < 0 < gradient[0, 0, 0, 1], "more on the lesion, less beside it"


@pytest.mark.parametrize("case", ["benign", "unmarked"])
def test_images_without_a_marked_malignant_lesion_do_not_count(case: str) -> None:
    mask = torch.ones(2, 1, 4, 8) * (case != "unmarked")
    malignant = torch.full((2,), case != "benign")
    activations = torch.randn(2, 2, 1, 2, requires_grad=True)
    assert float(evidence_loss(Head(), activations, mask, malignant)) == 0


def test_gradients_of_a_whole_network_are_finite() -> None:
    torch.manual_seed(0)
    network = TrainingNetwork("convnextv2_atto")
    mask = torch.zeros(2, 1, 64, 64)
    mask[..., :20, :20] = 1
    _, _, logits, stage_3 = network(torch.randn(2, 3, 64, 64), mask)
    value = evidence_loss(network.trunk, stage_3, mask, torch.tensor([True, True]))
    (logits.sum() + value).backward()
    changed = [p.grad for p in network.trunk.stages[2].parameters() if p.grad is not None]
    assert changed
    assert all(torch.isfinite(gradient).all() for gradient in changed)

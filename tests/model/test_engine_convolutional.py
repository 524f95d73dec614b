"""The convolutional form computes the same function, tested with all weights randomised."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from xai_core.model import torchvision_shim
from xai_core.model.engine.convolutional import as_convolutions

torchvision_shim.install()
import timm  # noqa: E402  (after the shim)


def network_with_random_weights(name: str, **given: object) -> nn.Module:
    """All weights random: timm initialises GRN with 0 and norms with 1, which would hide errors."""
    torch.manual_seed(0)
    small = {} if name.startswith("resnet") else {"depths": (1, 1, 2, 1), "dims": (8, 16, 32, 64)}
    network: nn.Module = timm.create_model(name, num_classes=2, **small, **given).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("convnextv2_tiny", {}),
        ("convnextv2_tiny", {"conv_mlp": True}),  # convolutions already
        ("convnextv2_tiny", {"ls_init_value": 1e-1}),  # a layer scale as well
        ("convnext_tiny", {}),  # no GRN
        ("resnet10t", {}),  # no such block
    ],
)
def test_convolutional_form_gives_the_same_logits(name: str, given: dict[str, object]) -> None:
    network = network_with_random_weights(name, **given)
    before = copy.deepcopy(network.state_dict())
    x = torch.randn(3, 3, 96, 96)
    with torch.inference_mode():
        wanted, found = network(x), as_convolutions(network)(x)
    assert wanted.std() > 1e-3
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key])


def test_no_linear_layer_is_left_in_the_stages() -> None:
    network = network_with_random_weights("convnextv2_tiny")
    linear = [m for m in network.get_submodule("stages").modules() if isinstance(m, nn.Linear)]
    own = as_convolutions(network)
    left = [m for m in own.get_submodule("stages").modules() if isinstance(m, nn.Linear)]
    assert linear
    assert not left
    assert not any(isinstance(module, nn.LayerNorm) for module in own.modules())

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from xai_core.model.classifier import Classifier
from xai_core.model.initialisation import fan_in_initialise, untrained


def test_untrained_network_is_reproducible_and_differs_from_the_trained(tiny_weights: Path) -> None:
    trained = Classifier.open(tiny_weights, "cpu")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = untrained(trained), untrained(trained), untrained(trained, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    x = torch.randn(1, 3, 96, 96)
    assert torch.equal(first.score(x), again.score(x))
    assert not torch.equal(first.score(x), other.score(x))
    assert not torch.equal(first.score(x), trained.score(x))
    assert first.spec.timm_name == trained.spec.timm_name
    assert len({c.spec.sha256 for c in (trained, first, other)}) == 3


@pytest.mark.parametrize(
    ("module", "std"),
    [
        (nn.Linear(400, 300), 0.05),  # 1 / sqrt(400)
        (nn.Conv2d(25, 300, 4), 0.05),  # a fan-in of 25 * 4 * 4
        (nn.Linear(4, 20000), 0.3),  # at most
    ],
)
def test_weights_are_as_wide_as_the_fan_in_allows(module: nn.Module, std: float) -> None:
    torch.manual_seed(0)
    before = module.bias.clone()
    fan_in_initialise(nn.Sequential(module))
    weight = module.weight.detach()
    assert float(weight.std()) == pytest.approx(std, rel=0.02)
    assert float(weight.mean()) == pytest.approx(0, abs=0.02 * std)
    assert torch.equal(module.bias, before)


def test_the_default_seed_and_its_digest_do_not_change(tiny_weights: Path) -> None:
    trained = Classifier.open(tiny_weights, "cpu", 3)
    found = untrained(trained)
    assert found.spec.sha256 == "untrained, seed 1"
    assert found.chunk == 3

from __future__ import annotations

from pathlib import Path

import torch

from xai_core.model.classifier import Classifier
from xai_core.model.initialisation import untrained


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

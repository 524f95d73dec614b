"""What every engine promises: a name, a title, and PyTorch's logits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xai_core.errors import BadSetting
from xai_core.model.classifier import Classifier
from xai_core.model.engine import base, choose
from xai_core.model.engine.base import EngineKind
from xai_core.model.engine.choose import AUTO, ENGINES, REFERENCE

every_engine = pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.name)


def test_names_are_unique() -> None:
    names = [AUTO, REFERENCE, *(kind.name for kind in ENGINES)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.islower() for name in names)


@every_engine
def test_it_agrees_with_pytorch(kind: EngineKind, tiny_weights: Path, tmp_path: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    classifier.accelerate(kind.name, tmp_path)
    classifier.wait_for_engine()
    assert classifier.engine.status == base.EngineStatus(kind.title)
    size = classifier.spec.input_size
    images = torch.randn(5, 3, size, size, generator=torch.Generator().manual_seed(1))
    wanted = classifier.engine.reference(images)
    for batch in (1, 2, 5):
        found = torch.cat([classifier.score(part) for part in images.split(batch)])
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, rtol=0, atol=base.TOLERANCE)


@every_engine
def test_it_is_chosen_by_its_name(kind: EngineKind) -> None:
    assert choose.choose(kind.name, "cpu") is kind
    assert choose.choose(kind.name, "cuda") is kind


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_auto_takes_the_first_that_suits(device: str) -> None:
    assert choose.choose(AUTO, device) is next((k for k in ENGINES if k.suits(device)), None)
    assert choose.choose(REFERENCE, device) is None


def test_a_name_that_is_not_there_is_refused_before_anything_starts(tiny_weights: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    names = sorted([AUTO, REFERENCE, *(kind.name for kind in ENGINES)])
    with pytest.raises(BadSetting, match=r"^XAI_ENGINE is 'tensorrt'; allowed are ") as caught:
        classifier.accelerate("tensorrt", None, after=1)
    assert all(name in str(caught.value) for name in names)
    with pytest.raises(BadSetting, match="'tensorrt'"):
        choose.choose("tensorrt", "cpu")

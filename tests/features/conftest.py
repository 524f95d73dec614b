"""A small random network with its classifier, one input, and probes at its blocks."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from tests.conftest import make_case
from xai_core.features.ablation import ChannelProbe
from xai_core.features.blocks import default_blocks
from xai_core.model.classifier import Classifier


@pytest.fixture(scope="session")
def classifier(tiny_weights: Path) -> Classifier:
    return Classifier.open(tiny_weights, "cpu", chunk=40)


@pytest.fixture(scope="session")
def inputs(classifier: Classifier) -> Tensor:
    return classifier.normalise(classifier.prepare(make_case().image).grey)


@pytest.fixture(scope="session")
def probes(classifier: Classifier, inputs: Tensor) -> tuple[ChannelProbe, ChannelProbe]:
    """At the last blocks of Stage 3 (160 x 6 x 6) and Stage 4 (320 x 3 x 3)."""
    third, fourth = (ChannelProbe.of(classifier, inputs, b) for b in default_blocks(classifier))
    return third, fourth

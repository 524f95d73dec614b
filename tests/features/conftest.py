"""A small phantom library with a mass in both views, and a small random network with probes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch import Tensor

from tests.conftest import make_case
from xai_core.cases.sources.library import FORMAT, MANIFEST, PhantomLibrary
from xai_core.features.ablation import ChannelProbe
from xai_core.features.blocks import default_blocks
from xai_core.model.classifier import Classifier
from xai_core.phantom.anatomy import stream
from xai_core.phantom.generate import SPLIT_SEEDS
from xai_core.phantom.lexicon import MASS
from xai_core.phantom.library import Plan, write_cases
from xai_core.phantom.plan import plan_lesions
from xai_core.types import Pathology

HEIGHT = 192


def _seed_of_a_mass() -> int:
    for seed in range(SPLIT_SEEDS["test"] + 500_000, SPLIT_SEEDS["test"] + 500_500):
        first, *more = plan_lesions(stream(seed, "plan"), Pathology.MALIGNANT)
        usual = first.kind == MASS and not first.occult and 15 < first.diameter < 30
        if usual and not more and first.descriptors["mass margin"] == "spiculated":
            return seed
    raise AssertionError("no seed gives one spiculated mass")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> PhantomLibrary:
    """``PH-0001`` and ``PH-0001B``: the views of a breast with one spiculated mass; ``PH-0002``: a
    normal right breast."""
    folder: Path = tmp_path_factory.mktemp("library")
    mass = _seed_of_a_mass()
    plans = (
        Plan("PH-0001", "PH-P0001", Pathology.MALIGNANT, "CC", "L", mass, other="PH-0001B"),
        Plan("PH-0001B", "PH-P0001", Pathology.MALIGNANT, "MLO", "L", mass, False, "PH-0001"),
        Plan("PH-0002", "PH-P0002", Pathology.NORMAL, "CC", "R", mass + 1),
    )
    cases = write_cases(folder, plans, HEIGHT, lambda *_: None)
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "cases": cases}))
    return PhantomLibrary(folder)


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

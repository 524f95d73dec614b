"""An engine is a file and a line: the how-to's example passes the gate and scores."""

from __future__ import annotations

import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow

_SCORED = """
import sys
from pathlib import Path
import torch
from xai_core.errors import BadSetting
from xai_core.model.classifier import Classifier
classifier = Classifier.open(Path(sys.argv[1]), "cpu")
classifier.accelerate("plain", None)
classifier.wait_for_engine()
x = torch.randn(2, 3, classifier.spec.input_size, classifier.spec.input_size)
print(classifier.engine.status.sentence)
print(float((classifier.score(x) - classifier.engine.reference(x)).abs().max()) < 1e-4)
try:
    classifier.accelerate("tensorrt", None)
except BadSetting as problem:
    print(problem)
"""


def test_the_how_to_s_engine_passes_the_gate_and_scores(project: Project) -> None:
    project.follow("add_an_engine.md", "xai_core/model/engine/plain_engine.py")
    status, agrees, refused = project.python("-c", _SCORED, str(project.weights)).splitlines()
    assert status == "Plain convolutions."
    assert agrees == "True"
    assert refused == ("XAI_ENGINE is 'tensorrt'; allowed are auto, openvino, plain and torch.")
    output = project.tests("tests/model/test_engines_contract.py")
    assert "test_it_agrees_with_pytorch[plain] PASSED" in output

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier
from xai_core.preprocessing.letterbox import Geometry
from xai_core.study.performance import equivalent_diameter, score_case
from xai_core.study.predictions import predict_case
from xai_core.types import Pathology


def test_scored_case_has_the_prediction_of_predict_case(tiny_weights: Path) -> None:
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"))
    for pathology in Pathology:
        case = make_case(pathology=pathology)
        found = score_case(explainer, case, case)
        assert found.row == predict_case(explainer, case)
        assert found.malignant == (pathology is Pathology.MALIGNANT)
        assert found.correct == ((found.row.predicted == "malignant") == found.malignant)
        # A blob of radius 9 in a breast that is 120 high.
        assert found.diameter == pytest.approx(2 * 9 * 384 / 120, rel=0.02)


def test_the_diameter_is_of_a_disc_as_large_at_384() -> None:
    mask = np.zeros((200, 200), bool)
    mask[10:30, 10:30] = mask[100:110, 100:140] = True
    for size in (384, 96):
        geometry = Geometry((0, 0, 200, 200), size / 200, (0, 0), size)
        found = equivalent_diameter(mask, geometry)
        assert found == pytest.approx(2 * math.sqrt(800 / math.pi) * 384 / 200)
    assert equivalent_diameter(None, geometry) is None
    assert equivalent_diameter(np.zeros((9, 9), bool), geometry) is None

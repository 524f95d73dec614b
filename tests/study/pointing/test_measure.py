from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metrics.localisation import localise
from xai_core.model.classifier import Classifier
from xai_core.model.initialisation import untrained
from xai_core.preprocessing.letterbox import letterbox_mask
from xai_core.study.pointing import BRIGHTEST, MAP, POINTERS, UNTRAINED, measure

REQUEST = ExplainRequest(target="malignant", curves="none").with_options(channels=4, levels=(5, 20))


@pytest.fixture
def pair(tiny_weights: Path) -> tuple[Explainer, Explainer]:
    classifier = Classifier.open(tiny_weights, "cpu")
    return Explainer(classifier), Explainer(untrained(classifier))


@pytest.mark.parametrize("method", ["grad-cam", "score-cam", "hybrid-cam"])
def test_row_has_the_results_of_the_explainer(
    pair: tuple[Explainer, Explainer], method: str
) -> None:
    case = make_case()
    asked = ExplainRequest(method, target="malignant", curves="none").with_options(
        channels=4, levels=(5, 20)
    )
    row = measure(*pair, case, asked)
    assert row is not None
    assert tuple(row.results) == POINTERS
    assert case.lesion_mask is not None
    for name, explainer in zip((MAP, UNTRAINED), pair, strict=True):
        answer = explainer.explain(case, asked)
        assert answer.heatmap is not None
        marked = letterbox_mask(case.lesion_mask, answer.prepared.geometry)
        found = localise(answer.heatmap.values, marked)
        assert (row.results[name].peak, row.results[name].distance) == (found.peak, found.distance)
        assert row.results[name].hit == bool(found.hit)
    assert row.probability_malignant == pair[0].predict(case).probabilities[1]
    assert row.called_malignant == (row.probability_malignant >= 0.5)
    assert row.results[BRIGHTEST].distance == 0  # the case's lesion is its brightest spot
    assert 0 < row.chance.inside < row.chance.within < 1


def test_case_without_marked_pixels_gives_none(pair: tuple[Explainer, Explainer]) -> None:
    assert measure(*pair, make_case(lesion_mask=None), REQUEST) is None
    outside = np.zeros((120, 90), bool)
    outside[0, 89] = True  # beside the breast's box, or less than half a pixel of the network's
    assert measure(*pair, make_case(lesion_mask=outside), REQUEST) is None

"""Only lesions depend on the class: nuisances, tone curve and tissue do not."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.phantom.anatomy import stream
from xai_core.phantom.nuisance import draw_nuisances
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.tissue import Background, draw_background
from xai_core.statistics.auc import roc_auc
from xai_core.types import Pathology

HEIGHT = 160
NAMES = ("skin fold", "clip", "prominent vein", "arm")


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [draw_background(i, v, HEIGHT) for i, v in enumerate(("CC", "MLO"))]


def test_classifier_on_nuisances_alone_has_auc_0_5(tissue: list[Background]) -> None:
    """As :func:`insert_lesions` draws them: from the seed, which the class does not enter."""
    sklearn = pytest.importorskip("sklearn.linear_model")
    selection = pytest.importorskip("sklearn.model_selection")
    rows, truth = [], []
    for i in range(600):
        found = draw_nuisances(stream(i, "nuisances", "MLO"), tissue[1])
        rows.append([name in found.names for name in NAMES])
        truth.append(i % 2 == 1)
    features, label = np.array(rows, float), np.array(truth)
    assert features.sum(axis=0).min() > 5  # each is there to be learned from
    model = sklearn.LogisticRegression()
    p = selection.cross_val_predict(model, features, label, cv=5, method="predict_proba")[:, 1]
    assert abs(roc_auc(label, p) - 0.5) < 0.08


def test_an_arm_is_in_mlo_views_only(tissue: list[Background]) -> None:
    seen = {"CC": 0, "MLO": 0}
    for seed in range(120):
        for background in tissue:
            found = draw_nuisances(np.random.default_rng(seed), background)
            seen[background.view] += "arm" in found.names
            assert found.added.shape == background.breast.shape
    assert seen["CC"] == 0 < seen["MLO"]


def test_plans_use_a_stream_of_their_own() -> None:
    for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
        assert plan_lesions(stream(5, "plan"), pathology) == plan_lesions(
            stream(5, "plan"), pathology
        )
    assert stream(5, "plan").random() != stream(5, "place", 0).random()

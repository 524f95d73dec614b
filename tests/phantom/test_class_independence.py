"""Only lesions depend on the class: nuisances, tone curve and tissue do not."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.phantom.generate import insert_lesions
from xai_core.phantom.nuisance import draw_nuisances
from xai_core.phantom.tissue import Background, draw_background
from xai_core.statistics.auc import roc_auc
from xai_core.types import Pathology

HEIGHT = 160
NAMES = ("skin fold", "clip", "prominent vein", "arm")


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [
        draw_background(np.random.default_rng(i), v, HEIGHT) for i, v in enumerate(("CC", "MLO"))
    ]


def test_nuisances_do_not_depend_on_the_class(
    tissue: list[Background],
) -> None:
    for seed in range(40):
        names = {
            insert_lesions(np.random.default_rng(seed), tissue[1], pathology).nuisances
            for pathology in Pathology
        }
        assert len(names) == 1


def test_classifier_on_nuisances_alone_has_auc_0_5(tissue: list[Background]) -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    selection = pytest.importorskip("sklearn.model_selection")
    rng = np.random.default_rng(0)
    rows, truth = [], []
    for i in range(600):
        pathology = (Pathology.BENIGN, Pathology.MALIGNANT)[i % 2]
        drawn = insert_lesions(rng, tissue[int(rng.integers(2))], pathology)
        rows.append([name in drawn.nuisances for name in NAMES])
        truth.append(pathology is Pathology.MALIGNANT)
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
            assert found.added.shape == background.tissue.shape
    assert seen["CC"] == 0 < seen["MLO"]

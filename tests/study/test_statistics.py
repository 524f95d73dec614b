from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from xai_core.study.statistics import Confusion, auc_interval, mean_interval, roc_auc
from xai_core.types import Outcome


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_agrees_with_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    label = np.array([a for a, _ in pairs])
    score = np.array([b for _, b in pairs], dtype=float)
    if label.all() or not label.any():
        assert np.isnan(roc_auc(label, score))
    else:
        assert roc_auc(label, score) == pytest.approx(roc_auc_score(label, score))


def test_auc_by_hand() -> None:
    assert roc_auc([1, 1, 0, 0], [4, 3, 2, 1]) == 1
    assert roc_auc([1, 1, 0, 0], [1, 2, 3, 4]) == 0
    assert roc_auc([1, 0], [1, 1]) == 0.5
    assert roc_auc([1, 0, 0], [2, 1, 3]) == 0.5


def _cohort(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    label = rng.random(n) < 0.4
    return label, np.round(rng.normal(label * 1.0, 1), 1)


def test_auc_interval_equals_resampling_image_by_image() -> None:
    label, score = _cohort(60)
    patients = np.repeat(np.arange(20), 3)
    low, high = auc_interval(label, score, patients, seed=5, replicates=300)
    rng = np.random.default_rng(5)
    areas = []
    for _ in range(3):  # the function draws 100 replicates at a time
        for counts in rng.multinomial(20, np.full(20, 1 / 20), size=100):
            rows = np.repeat(np.arange(60), counts[patients])
            areas.append(roc_auc_score(label[rows], score[rows]))
    assert (low, high) == pytest.approx(tuple(np.percentile(areas, [2.5, 97.5])))


def test_intervals_are_seeded_and_hold_the_estimate() -> None:
    label, score = _cohort()
    patients = np.arange(len(label))
    low, high = auc_interval(label, score, patients, seed=0)
    assert (low, high) == auc_interval(label, score, patients, seed=0)
    assert (low, high) != auc_interval(label, score, patients, seed=1)
    assert low < roc_auc(label, score) < high
    low, high = mean_interval(score, patients, seed=0)
    assert low < score.mean() < high
    error = score.std() / np.sqrt(len(score))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_views_of_one_patient_widen_the_interval() -> None:
    label, score = _cohort(60)
    label, score = np.repeat(label, 4), np.repeat(score, 4)
    images = auc_interval(label, score, np.arange(240), seed=0)
    patients = auc_interval(label, score, np.repeat(np.arange(60), 4), seed=0)
    assert patients[1] - patients[0] > 1.6 * (images[1] - images[0])


def test_nothing_to_resample() -> None:
    assert np.isnan(mean_interval([], [], seed=0)).all()
    assert np.isnan(auc_interval([], [], [], seed=0)).all()
    assert np.isnan(auc_interval([True, True], [0.1, 0.2], ["a", "b"], seed=0)).all()
    assert mean_interval([0.25, 0.75], ["a", "a"], seed=0) == (0.5, 0.5)


def test_confusion() -> None:
    found = Confusion.of(["TP"] * 32 + ["TN"] * 83 + [Outcome.FP] * 7 + ["FN"] * 25 + [None])
    assert found == Confusion(32, 83, 7, 25)
    assert found.images == 147
    assert round(100 * found.sensitivity, 1) == 56.1
    assert round(100 * found.specificity, 1) == 92.2
    assert round(100 * found.precision, 1) == 82.1
    assert np.isnan(Confusion.of([]).precision)

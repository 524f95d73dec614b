from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from xai_core.statistics.auc import auc_interval, column_aucs, roc_auc
from xai_core.statistics.bootstrap import mean_interval, nominal_tail


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=40))
def test_auc_is_the_share_of_pairs_in_order(pairs: list[tuple[bool, int]]) -> None:
    label, score = [a for a, _ in pairs], [b for _, b in pairs]
    ordered = [
        (score[i] > score[j]) + (score[i] == score[j]) / 2
        for i in range(len(pairs))
        for j in range(len(pairs))
        if label[i] and not label[j]
    ]
    if not ordered:
        assert np.isnan(roc_auc(label, score))
    else:
        assert roc_auc(label, score) == pytest.approx(np.mean(ordered))


def test_auc_equals_hand_computed_values() -> None:
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
    tail = 100 * nominal_tail(0.025, 20)
    assert (low, high) == pytest.approx(tuple(np.percentile(areas, [tail, 100 - tail])))


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


def test_empty_and_one_class_cohorts_have_no_interval() -> None:
    assert np.isnan(mean_interval([], [], seed=0)).all()
    assert np.isnan(auc_interval([], [], [], seed=0)).all()
    assert np.isnan(auc_interval([True] * 20, np.arange(20), np.arange(20), seed=0)).all()


@pytest.mark.parametrize(("positives", "known"), [(9, False), (10, True), (31, False)])
def test_an_interval_needs_ten_patients_of_each_class(positives: int, known: bool) -> None:
    label, score = np.arange(40) < positives, np.arange(40) % 7
    found = auc_interval(label, score, np.arange(40), seed=0)
    assert np.isfinite(found).all() == known


def test_the_areas_of_columns_are_those_of_each() -> None:
    rng = np.random.default_rng(5)
    low, high = rng.integers(0, 6, (7, 4)), rng.integers(1, 7, (9, 4))
    found = column_aucs(low, high)
    for k in range(4):
        label = [False] * 7 + [True] * 9
        assert found[k] == pytest.approx(roc_auc(label, [*low[:, k], *high[:, k]]))
    assert column_aucs([[1.0]], [[1.0]]).tolist() == [0.5]

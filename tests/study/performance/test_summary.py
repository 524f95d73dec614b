from __future__ import annotations

import json
import math

import pytest

from tests.study.performance.scored_cases import scored
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.study.performance import as_json, summarise

CASES = [
    *(scored(i, p=0.3 + i / 10, density="B", diameter=20.0 + i) for i in range(6)),
    *(scored(i, "benign", p=i / 10, density="C") for i in range(7)),
]


def test_figures_of_a_cohort() -> None:
    found = summarise(CASES)
    label, score = [c.malignant for c in CASES], [c.row.probability_malignant for c in CASES]
    patients = [c.row.patient_id for c in CASES]
    assert (found.images, found.patients) == (13, 7)
    assert found.auc == roc_auc(label, score)
    assert (found.auc_low, found.auc_high) == auc_interval(label, score, patients, seed=0)
    counts = found.confusion
    assert (counts.tp, counts.fn, counts.tn, counts.fp) == (4, 2, 5, 2)
    assert (found.sensitivity.count, found.specificity.count) == ("4 / 6", "5 / 7")
    assert sum(b.n for b in found.curve) == 13
    assert 0 < found.calibration_error < 1


def test_auc_of_one_class_is_null_in_json() -> None:
    found = summarise(CASES[:6])
    assert math.isnan(found.auc)
    plain = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert plain["auc"] is None
    assert plain["specificity"] == {
        "part": 0, "whole": 0, "value": None, "low": None, "high": None,
    }  # fmt: skip
    assert plain["sensitivity"]["value"] == pytest.approx(4 / 6)
    assert plain["groups"][0]["sensitivity"]["part"] == 4
    assert plain["curve"][0]["predicted"] is None

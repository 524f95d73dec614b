from __future__ import annotations

import json
import math

import pytest

from tests.study.performance.scored_cases import scored
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.calibration import calibration_error_by_chance, calibration_error_interval
from xai_core.statistics.proportion import wilson
from xai_core.study.performance import ScoredCase, as_json, summarise

CASES = [
    *(scored(i, p=0.3 + i / 10, density="B", diameter=20.0 + i) for i in range(6)),
    *(scored(i, "benign", p=i / 10, density="C") for i in range(7)),
]


def test_figures_of_a_cohort() -> None:
    found = summarise(CASES)
    label, score = [c.malignant for c in CASES], [c.row.probability_malignant for c in CASES]
    assert (found.images, found.patients) == (13, 7)
    assert found.auc == roc_auc(label, score)
    assert math.isnan(found.auc_low)  # seven patients
    counts = found.confusion
    assert (counts.tp, counts.fn, counts.tn, counts.fp) == (4, 2, 5, 2)
    assert (found.sensitivity.count, found.specificity.count) == ("4 / 6", "5 / 7")
    assert sum(b.n for b in found.curve) == 13
    assert 0 < found.calibration_error < 1
    assert [share.whole for share in found.observed] == [b.n for b in found.curve]
    assert [share.value for share in found.observed] == pytest.approx(
        [b.observed for b in found.curve], nan_ok=True
    )


def many() -> list[ScoredCase]:
    """60 images of 36 patients, of whom two have 13 each; their images are alike."""
    out = []
    for patient in range(36):
        for _ in range(13 if patient in (4, 9) else 1):
            pathology = "benign" if patient % 3 == 1 else "malignant"
            p = 0.1 + 0.8 * ((patient * 7) % 10 / 10)
            out.append(scored(len(out), pathology, p=p, patient=patient))
    return out


def test_intervals_are_by_patient() -> None:
    cases = many()
    found = summarise(cases)
    label, score = [c.malignant for c in cases], [c.row.probability_malignant for c in cases]
    patients = [c.row.patient_id for c in cases]
    assert (found.images, found.patients) == (60, 36)
    assert (found.auc_low, found.auc_high) == auc_interval(label, score, patients, seed=0)
    ends = (found.calibration_error_low, found.calibration_error_high)
    assert ends == calibration_error_interval(label, score, patients, seed=0)
    assert found.by_chance == calibration_error_by_chance(score, seed=0)
    assert (found.sensitivity.whole, found.sensitivity.patients) == (36, 24)
    low, high = found.sensitivity.interval
    as_independent = wilson(found.sensitivity.part, found.sensitivity.whole)
    assert high - low > 1.3 * (as_independent[1] - as_independent[0])
    plain = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert plain["sensitivity"]["low"] == low
    assert plain["calibration_error_low"] == ends[0]
    assert 0 < plain["by_chance"]["mean"] < plain["by_chance"]["high"] < 1


def test_auc_of_one_class_is_null_in_json() -> None:
    found = summarise(CASES[:6])
    assert math.isnan(found.auc)
    plain = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert plain["auc"] is None
    assert plain["specificity"] == {
        "part": 0, "whole": 0, "patients": 0, "value": None, "low": None, "high": None,
    }  # fmt: skip
    assert plain["sensitivity"]["value"] == pytest.approx(4 / 6)
    assert plain["groups"][0]["sensitivity"]["part"] == 4
    assert plain["curve"][0]["predicted"] is None

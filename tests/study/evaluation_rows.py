"""Rows of an evaluation for the tests of its tables."""

from __future__ import annotations

from typing import Any

from tests.conftest import BUILT_IN_LAYERS
from xai_core.study.rows import METRIC_COLUMNS, Row

TRUTH = {"TP": "malignant", "FN": "malignant", "TN": "benign", "FP": "benign"}


def row(case: int, outcome: str | None = "TP", insertion: float | None = 0.9, **more: Any) -> Row:
    """A row; two cases a patient.  ``more``: fields of it, or columns of metrics."""
    known = {
        "patient_id": f"P{case // 2}", "pathology": TRUTH.get(outcome or ""),
        "probability_malignant": 0.8 if outcome in ("TP", "FP") else 0.2, "outcome": outcome,
        "method": "grad-cam", "layer": BUILT_IN_LAYERS[0], "map_state": "ok",
    }  # fmt: skip
    metrics = {
        "insertion_auc": insertion, "insertion_error": 0.001, "deletion_auc": 0.3,
        "deletion_error": 0.002, "interpretable": True,
    }  # fmt: skip
    metrics |= {name: more.pop(name) for name in list(more) if name in METRIC_COLUMNS}
    return Row(case_id=f"c{case}", metrics=metrics, **{**known, **more})

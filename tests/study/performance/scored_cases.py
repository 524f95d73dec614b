"""Scored cases for the tests of performance."""

from __future__ import annotations

from xai_core.study.performance import ScoredCase
from xai_core.study.predictions import PredictionRow
from xai_core.types import CLASS_NAMES, CaseRecord, Outcome, Pathology


def scored(
    number: int, pathology: str = "malignant", p: float = 0.9, diameter: float | None = None,
    **known: object,
) -> ScoredCase:  # fmt: skip
    """A case; called malignant from ``p`` = 0.5."""
    truth, patient = Pathology(pathology), f"P{number}"
    record = CaseRecord(
        id=f"c{number}", source="test", patient_id=patient, pathology=truth, **known,
    )  # type: ignore[arg-type]  # fmt: skip
    called = int(p >= 0.5)
    row = PredictionRow(
        record.id, patient, truth, 0.0, 0.0, p, CLASS_NAMES[called],
        Outcome.of(truth.class_index, called), 0.5, "ab" * 32,
    )  # fmt: skip
    return ScoredCase(row, record, diameter)

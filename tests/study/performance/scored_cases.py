"""Scored cases for the tests of performance."""

from __future__ import annotations

from xai_core.study.performance import ScoredCase
from xai_core.study.predictions import PredictionRow
from xai_core.types import CLASS_NAMES, CaseRecord, Outcome, Pathology


def scored(
    number: int, pathology: str = "malignant", p: float = 0.9, diameter: float | None = None,
    patient: int | None = None, **known: object,
) -> ScoredCase:  # fmt: skip
    """A case, of a patient of its own unless given; called malignant from ``p`` = 0.5."""
    truth, who = Pathology(pathology), f"P{number if patient is None else patient}"
    record = CaseRecord(
        id=f"c{number}", source="test", patient_id=who, pathology=truth, **known,
    )  # type: ignore[arg-type]  # fmt: skip
    called = int(p >= 0.5)
    row = PredictionRow(
        record.id, who, truth, 0.0, 0.0, p, CLASS_NAMES[called],
        Outcome.of(truth.class_index, called), 0.5, "ab" * 32,
    )  # fmt: skip
    return ScoredCase(row, record, diameter)

"""Everything that is found of the model's decisions."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.calibration import Bin, calibration, calibration_error
from xai_core.statistics.confusion import Confusion
from xai_core.statistics.proportion import Proportion
from xai_core.study.performance.groups import Group, split
from xai_core.study.performance.judge import Judged

_SEED = 0


@dataclass(frozen=True)
class Performance:
    """``auc``: of malignant against the rest, with its 95 % bootstrap interval by patient; NaN
    where all cases are of one class.  ``calibration_error``: see
    :func:`xai_core.statistics.calibration.calibration_error`."""

    images: int
    patients: int
    auc: float
    auc_low: float
    auc_high: float
    confusion: Confusion
    sensitivity: Proportion
    specificity: Proportion
    groups: tuple[Group, ...]
    curve: tuple[Bin, ...]
    calibration_error: float


def summarise(judged: Sequence[Judged]) -> Performance:
    """The figures of at least one case."""
    label = [j.malignant for j in judged]
    score = [j.row.probability_malignant for j in judged]
    patients = [j.row.patient_id for j in judged]
    low, high = auc_interval(label, score, patients, seed=_SEED)
    curve = calibration(label, score)
    return Performance(
        images=len(judged),
        patients=len(set(patients)),
        auc=roc_auc(label, score),
        auc_low=low,
        auc_high=high,
        confusion=Confusion.of([j.row.outcome for j in judged]),
        sensitivity=Proportion.of(j.correct for j in judged if j.malignant),
        specificity=Proportion.of(j.correct for j in judged if not j.malignant),
        groups=split(judged),
        curve=curve,
        calibration_error=calibration_error(curve),
    )


def as_json(found: Performance) -> dict[str, Any]:
    """The figures as JSON values; what is not defined is null."""
    out: dict[str, Any] = _clean(dataclasses.asdict(found))
    out["sensitivity"], out["specificity"] = _ratio(found.sensitivity), _ratio(found.specificity)
    for group, plain in zip(found.groups, out["groups"], strict=True):
        plain["sensitivity"] = _ratio(group.sensitivity)
        plain["specificity"] = _ratio(group.specificity)
    return out


def _ratio(proportion: Proportion) -> dict[str, Any]:
    low, high = proportion.interval
    values = {"value": proportion.value, "low": low, "high": high}
    return {"part": proportion.part, "whole": proportion.whole, **_clean(values)}


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value

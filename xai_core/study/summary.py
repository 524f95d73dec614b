"""Summary of evaluation rows: the figures of Tables 1 and 2, and of the model's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from xai_core.cam import METHODS
from xai_core.faithfulness.metric import Metric
from xai_core.faithfulness.metrics import METRICS
from xai_core.model.layers import stage_number
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.bootstrap import mean_interval
from xai_core.statistics.proportion import Confusion
from xai_core.study.paper import AREAS, OUTCOMES, Areas
from xai_core.study.rows import Row
from xai_core.types import MapState, Outcome, Pathology

_SEED = 0
_AREAS = ("insertion_auc", "deletion_auc")  # the paper's columns
OTHERS: Mapping[str, Metric] = MappingProxyType(
    {
        name: metric
        for name, metric in METRICS.items()
        if metric.averaged and metric.kind is not str and name not in _AREAS
    }
)
"""The metrics, other than the paper's two, whose mean over images is meaningful."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % bootstrap interval by patient; all NaN where there are no images."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Mean:
    """The mean of a metric over the ``images`` that have a value; NaN where none has."""

    value: float
    images: int


@dataclass(frozen=True)
class Cell:
    """One line of a table: the images of one outcome, explained by one method at one layer.

    ``images``, ``patients``: the numbers behind the two means.  ``unranked``: number of further
    images whose map cannot be ranked, so that there are no curves.  ``not_interpretable``: of
    ``images``, the number whose score is not lowered by blurring.  ``error``: mean estimated error
    of one image's areas.  ``others``: means of the metrics of :data:`OTHERS`, by name.  ``paper``:
    the paper's figures, None where it has none.
    """

    layer: str
    outcome: Outcome
    method: str
    images: int
    patients: int
    unranked: int
    not_interpretable: int
    insertion: Estimate
    deletion: Estimate
    error: float
    others: Mapping[str, Mean]
    paper: Areas | None


@dataclass(frozen=True)
class Decisions:
    """The model's decisions on the cases with a known pathology.

    ``unreadable``: number of cases that could not be read.  ``unlabelled``: without a pathology.
    """

    confusion: Confusion
    auc: Estimate
    patients: int
    unreadable: int
    unlabelled: int


def table(rows: Sequence[Row], layer: str) -> tuple[Cell, ...]:
    """The lines of the table of ``layer``, for the methods that were evaluated there.

    Methods are in the order of :data:`xai_core.cam.METHODS`; unknown names follow.
    """
    here = [row for row in rows if row.layer == layer]
    measured = {row.method: None for row in here if row.method is not None}
    known = [method for method in METHODS if method in measured]
    methods = [*known, *(method for method in measured if method not in METHODS)]
    return tuple(
        _cell(
            [r for r in here if r.outcome == outcome and r.method == method], layer, outcome, method
        )
        for outcome in OUTCOMES
        for method in methods
    )


def layers_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The layers that were evaluated, in the paper's order."""
    measured = {row.layer for row in rows if row.layer is not None}
    return tuple(sorted(measured, key=stage_number))


def _cell(rows: Sequence[Row], layer: str, outcome: Outcome, method: str) -> Cell:
    ranked = [row for row in rows if row.map_state and MapState(row.map_state).ranked]
    patients = [row.patient_id for row in ranked]
    insertion, deletion = (
        np.array([row.measures[name] for row in ranked], dtype=np.float64) for name in _AREAS
    )
    errors = [
        max(row.measures["insertion_error"] or 0.0, row.measures["deletion_error"] or 0.0)
        for row in ranked
    ]
    return Cell(
        layer=layer,
        outcome=outcome,
        method=method,
        images=len(ranked),
        patients=len(set(patients)),
        unranked=len(rows) - len(ranked),
        not_interpretable=sum(row.measures["interpretable"] is False for row in ranked),
        insertion=_mean(insertion, patients),
        deletion=_mean(deletion, patients),
        error=float(np.mean(errors)) if errors else float("nan"),
        others=MappingProxyType({name: _mean_of(rows, name) for name in OTHERS}),
        paper=AREAS.get((stage_number(layer), outcome, method)),
    )


def _mean_of(rows: Sequence[Row], name: str) -> Mean:
    values = [float(row.measures[name]) for row in rows if row.measures[name] is not None]
    return Mean(float(np.mean(values)) if values else float("nan"), len(values))


def _mean(values: np.ndarray, patients: Sequence[str]) -> Estimate:
    value = float(values.mean()) if len(values) else float("nan")
    return Estimate(value, *mean_interval(values, patients, seed=_SEED))


def decisions(rows: Sequence[Row]) -> Decisions:
    """The decisions; each case counts once, whatever the number of methods and layers."""
    cases = {row.case_id: row for row in rows}.values()
    read = [row for row in cases if row.problem is None]
    known = [row for row in read if row.outcome is not None]
    label = [row.pathology == Pathology.MALIGNANT for row in known]
    score = [row.probability_malignant or 0.0 for row in known]
    patients = [row.patient_id for row in known]
    interval = auc_interval(label, score, patients, seed=_SEED)
    return Decisions(
        confusion=Confusion.of([row.outcome for row in known]),
        auc=Estimate(roc_auc(label, score), *interval),
        patients=len(set(patients)),
        unreadable=len(cases) - len(read),
        unlabelled=len(read) - len(known),
    )

"""Summary of evaluation rows: the figures of Tables 1 and 2, and of the model's decisions."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from xai_core.cam import METHODS
from xai_core.faithfulness.metric import Metric, Need
from xai_core.faithfulness.metrics import METRICS
from xai_core.model.layers import stage_number
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.bootstrap import mean_interval
from xai_core.statistics.proportion import Confusion, Proportion
from xai_core.study.paper import AREAS, OUTCOMES, Areas
from xai_core.study.rows import Row
from xai_core.types import MapState, Outcome, Pathology

SEED = 0
AREA_COLUMNS = ("insertion_auc", "deletion_auc")  # the paper's columns
OTHERS: Mapping[str, Metric] = MappingProxyType(
    {
        name: metric
        for name, metric in METRICS.items()
        if metric.averaged and metric.kind is not str and name not in AREA_COLUMNS
    }
)
"""The metrics, other than the paper's two, whose mean over images is meaningful."""

_OF_CURVES = {Need.CURVES, Need.ORDERS, Need.PROBE}


def depends_on_curves(metric: Metric) -> bool:
    """Whether ``metric`` is measured with perturbed images, so that it says nothing of an image
    that is not interpretable."""
    return bool(_OF_CURVES & set(metric.needs))


class Over(enum.StrEnum):
    """The images that a mean is taken over.  Not interpretable is an image whose probability is not
    lowered by blurring all of it: P(blurred) >= P(image)."""

    ALL = "all images"
    INTERPRETABLE = "interpretable"


class Mark(enum.StrEnum):
    """The mark of a figure that rests on images that are not interpretable."""

    NONE = ""
    SOME = "\N{DAGGER}"
    ALL = "\N{DOUBLE DAGGER}"

    @classmethod
    def of(cls, not_interpretable: int, images: int) -> Mark:
        """The mark for ``not_interpretable`` of ``images``."""
        if not not_interpretable:
            return cls.NONE
        return cls.ALL if not_interpretable == images else cls.SOME


@dataclass(frozen=True)
class Estimate:
    """A value over ``images`` of ``patients``, with its 95 % interval by patient.

    ``value`` is NaN where there are no images, ``low`` and ``high`` below ten patients.
    ``not_interpretable``: of the images; 0 where the value does not depend on curves.
    """

    value: float
    low: float
    high: float
    images: int
    patients: int
    not_interpretable: int = 0

    @property
    def mark(self) -> Mark:
        """Whether the value rests on images that are not interpretable."""
        return Mark.of(self.not_interpretable, self.images)


@dataclass(frozen=True)
class Means:
    """Means over some of the images of a line: the areas, and the metrics of :data:`OTHERS` by
    name.  Over interpretable images, only those metrics that depend on curves."""

    insertion: Estimate
    deletion: Estimate
    others: Mapping[str, Estimate]


@dataclass(frozen=True)
class Cell:
    """One line of a table: the images of one outcome, explained by one method at one layer.

    ``unranked``: number of further images whose map cannot be ranked, so that there are no curves.
    ``error``: mean over images of the estimated error of one image's areas.  ``paper``: the paper's
    figures, None where it has none.
    """

    layer: str
    outcome: Outcome
    method: str
    means: Mapping[Over, Means]
    unranked: int
    error: float
    paper: Areas | None


@dataclass(frozen=True)
class Decisions:
    """The model's decisions on the cases with a known pathology.

    ``unreadable``: number of cases that could not be read.  ``unlabelled``: without a pathology.
    """

    confusion: Confusion
    sensitivity: Proportion
    specificity: Proportion
    precision: Proportion
    auc: Estimate
    unreadable: int
    unlabelled: int


def table(rows: Sequence[Row], layer: str) -> tuple[Cell, ...]:
    """The lines of the table of ``layer``, for the methods that were evaluated there."""
    here = [row for row in rows if row.layer == layer]
    return tuple(
        _cell(
            [r for r in here if r.outcome == outcome and r.method == method], layer, outcome, method
        )
        for outcome in OUTCOMES
        for method in methods_of(rows, layer)
    )


def methods_of(rows: Sequence[Row], layer: str) -> tuple[str, ...]:
    """The methods that were evaluated at ``layer``, in the order of
    :data:`xai_core.cam.METHODS`; unknown names follow."""
    measured = {row.method: None for row in rows if row.layer == layer and row.method is not None}
    known = [method for method in METHODS if method in measured]
    return (*known, *(method for method in measured if method not in METHODS))


def layers_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The layers that were evaluated, in the paper's order."""
    measured = {row.layer for row in rows if row.layer is not None}
    return tuple(sorted(measured, key=stage_number))


def is_ranked(row: Row) -> bool:
    """Whether the map orders the patches, so that there are curves."""
    return row.map_state is not None and MapState(row.map_state).ranked


def rows_over(rows: Iterable[Row], over: Over) -> list[Row]:
    """The rows of the images that ``over`` names."""
    if over is Over.ALL:
        return list(rows)
    return [row for row in rows if row.metrics["interpretable"]]


def _cell(rows: Sequence[Row], layer: str, outcome: Outcome, method: str) -> Cell:
    ranked = [row for row in rows if is_ranked(row)]
    errors = [
        max(row.metrics["insertion_error"] or 0.0, row.metrics["deletion_error"] or 0.0)
        for row in ranked
    ]
    return Cell(
        layer=layer,
        outcome=outcome,
        method=method,
        means=MappingProxyType({over: _means(rows, over) for over in Over}),
        unranked=len(rows) - len(ranked),
        error=float(np.mean(errors)) if errors else float("nan"),
        paper=AREAS.get((stage_number(layer), outcome, method)),
    )


def _means(rows: Sequence[Row], over: Over) -> Means:
    here = rows_over(rows, over)
    others = {
        name: estimate(here, metric)
        for name, metric in OTHERS.items()
        if over is Over.ALL or depends_on_curves(metric)
    }
    insertion, deletion = (estimate(here, METRICS[name]) for name in AREA_COLUMNS)
    return Means(insertion, deletion, MappingProxyType(others))


def estimate(rows: Iterable[Row], metric: Metric) -> Estimate:
    """The mean of a metric over the rows that have a value; of yes or no, the share."""
    known = [row for row in rows if row.metrics[metric.name] is not None]
    patients = [row.patient_id for row in known]
    values = [float(row.metrics[metric.name]) for row in known]
    if metric.kind is bool:
        low, high = Proportion.of((v > 0 for v in values), patients).interval
    else:
        low, high = mean_interval(values, patients, seed=SEED)
    unable = sum(row.metrics["interpretable"] is False for row in known)
    return Estimate(
        value=float(np.mean(values)) if values else math.nan,
        low=low,
        high=high,
        images=len(known),
        patients=len(set(patients)),
        not_interpretable=unable if depends_on_curves(metric) else 0,
    )


def decisions(rows: Sequence[Row]) -> Decisions:
    """The decisions; each case counts once, whatever the number of methods and layers."""
    cases = {row.case_id: row for row in rows}.values()
    read = [row for row in cases if row.problem is None]
    known = [row for row in read if row.outcome is not None]
    label = [row.pathology == Pathology.MALIGNANT for row in known]
    score = [row.probability_malignant or 0.0 for row in known]
    patients = [row.patient_id for row in known]
    interval = auc_interval(label, score, patients, seed=SEED)
    return Decisions(
        confusion=Confusion.of([row.outcome for row in known]),
        sensitivity=_share(known, Outcome.TP, Outcome.FN),
        specificity=_share(known, Outcome.TN, Outcome.FP),
        precision=_share(known, Outcome.TP, Outcome.FP),
        auc=Estimate(roc_auc(label, score), *interval, len(known), len(set(patients))),
        unreadable=len(cases) - len(read),
        unlabelled=len(read) - len(known),
    )


def _share(rows: Iterable[Row], this: Outcome, other: Outcome) -> Proportion:
    """The share of ``this`` outcome among it and the ``other``."""
    both = [row for row in rows if row.outcome in (this, other)]
    return Proportion.of((row.outcome == this for row in both), (row.patient_id for row in both))

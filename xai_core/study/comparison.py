"""Paired comparison of the methods' areas, and whether their ranking agrees with the paper's."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from xai_core.cam import PAPER_METHODS
from xai_core.model.layers import stage_number
from xai_core.statistics.multiple_tests import holm
from xai_core.statistics.paired import PairedDifference, paired_difference
from xai_core.study.paper import AREAS, OUTCOMES
from xai_core.study.rows import Row
from xai_core.study.summary import AREA_COLUMNS, SEED, Over, is_ranked, methods_of, rows_over
from xai_core.types import Outcome

SIGNIFICANT = 0.05
_ERRORS = {"insertion_auc": "insertion_error", "deletion_auc": "deletion_error"}


@dataclass(frozen=True)
class Comparison:
    """The mean over common images of ``first``'s area minus ``second``'s.

    ``metric``: the column of the area.  ``p_holm``: the p-value, adjusted by Holm for all
    comparisons of :func:`comparisons`; NaN below ten patients.  ``error``: the curves' own error of
    the difference: the mean over images of the root of the summed squares of both areas' estimated
    errors.  It is not divided by the root of the number of images, as the errors may all be of one
    sign.  ``not_interpretable``: of the images.  ``paper``: the paper's difference, None where it
    has none.
    """

    layer: str
    outcome: Outcome
    metric: str
    first: str
    second: str
    found: PairedDifference
    p_holm: float
    error: float
    not_interpretable: int
    paper: float | None

    @property
    def below_error(self) -> bool:
        """Whether the difference is no larger than the curves' own error."""
        return self.error > 0 and abs(self.found.value) <= self.error

    @property
    def empty(self) -> bool:
        """Whether none of the images is interpretable, so that the difference measures nothing."""
        return 0 < self.found.images == self.not_interpretable

    @property
    def shown(self) -> int:
        """1 or -1, the sign of the difference, where the 95 % interval excludes 0, the difference
        is larger than the curves' own error, and some image is interpretable; else 0."""
        if self.empty or self.below_error or not (self.found.low > 0 or self.found.high < 0):
            return 0
        return 1 if self.found.value > 0 else -1


def comparisons(rows: Sequence[Row], layer: str, over: Over) -> tuple[Comparison, ...]:
    """Every pair of methods at ``layer``, by outcome and area; of a pair, the later method of
    :func:`~xai_core.study.summary.methods_of` minus the earlier one."""
    here = [row for row in rows if row.layer == layer and is_ranked(row)]
    methods = methods_of(rows, layer)
    found = [
        _comparison(rows_over(here, over), layer, outcome, metric, first, second)
        for outcome in OUTCOMES
        for metric in AREA_COLUMNS
        for second, first in itertools.combinations(methods, 2)
    ]
    adjusted = holm([one.found.p for one in found])
    return tuple(dataclasses.replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True))


def _comparison(
    rows: Iterable[Row], layer: str, outcome: Outcome, metric: str, first: str, second: str
) -> Comparison:
    by_method: dict[str | None, dict[str, Row]] = {first: {}, second: {}}
    for row in rows:
        if row.outcome == outcome and row.method in by_method:
            by_method[row.method][row.case_id] = row
    one, other = by_method[first], by_method[second]
    common = [(one[case], other[case]) for case in one if case in other]
    values = np.array([[row.metrics[metric] for row in pair] for pair in common], np.float64)
    values = values.reshape(-1, 2)
    errors = [math.hypot(*(row.metrics[_ERRORS[metric]] or 0.0 for row in p)) for p in common]
    return Comparison(
        layer=layer,
        outcome=outcome,
        metric=metric,
        first=first,
        second=second,
        found=paired_difference(
            values[:, 0], values[:, 1], [row.patient_id for row, _ in common], seed=SEED
        ),
        p_holm=float("nan"),
        error=float(np.mean(errors)) if errors else float("nan"),
        not_interpretable=sum(row.metrics["interpretable"] is False for row, _ in common),
        paper=_paper_difference(layer, outcome, metric, first, second),
    )


def _paper_difference(
    layer: str, outcome: Outcome, metric: str, first: str, second: str
) -> float | None:
    pair = [AREAS.get((stage_number(layer), outcome, method)) for method in (first, second)]
    if pair[0] is None or pair[1] is None:
        return None
    name = metric.removesuffix("_auc")
    return round(float(getattr(pair[0], name) - getattr(pair[1], name)), 3)


class Verdict(enum.StrEnum):
    """Whether the ranking of the methods agrees with the paper's."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Ranking:
    """How many of the paper's pairwise orders at one layer are found.

    ``orders``: pairs of the paper's methods times outcomes times areas.  ``measured``: of these,
    with common images.  ``agreeing``, ``opposite``: shown as in the paper, and the other way; see
    :data:`RULE`.
    ``empty``: of those measured, on images none of which is interpretable; they show nothing.
    """

    orders: int
    measured: int
    agreeing: int
    opposite: int
    empty: int = 0

    @property
    def verdict(self) -> Verdict:
        """See :data:`RULE`."""
        if self.opposite:
            return Verdict.NO
        return Verdict.YES if self.agreeing == self.orders > 0 else Verdict.UNKNOWN

    @property
    def sentence(self) -> str:
        """The verdict and its reasons."""
        undecided = self.measured - self.agreeing - self.opposite
        empty = (
            f" {self.empty} of those measured {_were(self.empty)} so on images none of which is "
            "interpretable."
        )
        counts = (
            f"The ranking agrees with the paper's: {self.verdict}. Of the paper's {self.orders} "
            f"pairwise orders {self.measured} {_were(self.measured)} measured here: "
            f"{self.agreeing} shown as in the paper, {self.opposite} shown the other way, "
            f"{undecided} not shown either way."
        )
        return counts + (empty if self.empty else "")


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


RULE = (
    "Rule for the ranking: an order is that of two methods, for one outcome and area. It is shown "
    "where the 95 % interval of the difference excludes 0, the difference is larger than the "
    "curves' own error, and some of the images are interpretable; the other way, only where the "
    f"Holm p is also below {SIGNIFICANT:g}, since one of many is enough for a no. Yes: every order "
    "of the paper is shown as in the paper. No: at least one is shown the other way. Else it "
    "cannot be told. The paper gives no intervals for its own orders."
)


def ranking(found: Sequence[Comparison]) -> Ranking:
    """Compare the differences of one layer with the paper's."""
    pairs = math.comb(len(PAPER_METHODS), 2)
    papers = [one for one in found if one.paper is not None]
    signs = [(one, 1 if (one.paper or 0.0) > 0 else -1) for one in papers]
    return Ranking(
        orders=pairs * len(OUTCOMES) * len(AREA_COLUMNS),
        measured=sum(one.found.images > 0 for one in papers),
        agreeing=sum(one.shown == sign for one, sign in signs),
        opposite=sum(one.shown == -sign and one.p_holm < SIGNIFICANT for one, sign in signs),
        empty=sum(one.empty for one in papers),
    )

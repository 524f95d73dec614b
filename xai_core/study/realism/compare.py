"""Phantoms beside real images, quantity by quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai_core.statistics.auc import roc_auc
from xai_core.study.realism.measure import Measurement
from xai_core.study.realism.quantities import QUANTITIES, Quantity


@dataclass(frozen=True)
class Spread:
    """Median, 10 % and 90 % percentile of ``n`` images; NaN where ``n`` is 0."""

    n: int
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of the finite ones among ``values``."""
        finite = [v for v in values if np.isfinite(v)]
        if not finite:
            return cls(0, float("nan"), float("nan"), float("nan"))
        low, median, high = np.percentile(finite, [10, 50, 90])
        return cls(len(finite), float(median), float(low), float(high))


@dataclass(frozen=True)
class Line:
    """One quantity of one kind of image.  ``auc``: the probability that a phantom's value is above
    a real image's; 0.5 where nothing tells them apart, NaN where one side has none."""

    quantity: Quantity
    real: Spread
    phantoms: Spread
    auc: float

    @property
    def inside(self) -> bool | None:
        """Whether the phantoms' median lies in the real images' 10 to 90 %; None: not known."""
        if not self.real.n or not self.phantoms.n:
            return None
        return self.real.low <= self.phantoms.median <= self.real.high


def compare(real: Sequence[Measurement], phantoms: Sequence[Measurement]) -> list[Line]:
    """A line per quantity, of images of one kind."""
    lines = []
    for quantity in QUANTITIES:
        ours, theirs = _values(phantoms, quantity), _values(real, quantity)
        label = [True] * len(ours) + [False] * len(theirs)
        auc = roc_auc(label, ours + theirs)
        lines.append(Line(quantity, Spread.of(theirs), Spread.of(ours), auc))
    return lines


def _values(measured: Sequence[Measurement], quantity: Quantity) -> list[float]:
    """The finite values of a quantity."""
    return [
        value
        for m in measured
        if quantity.view in (None, m.view)
        if np.isfinite(value := m.values[quantity.key])
    ]

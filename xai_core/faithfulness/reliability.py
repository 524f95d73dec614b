"""Reliability of a pair of curves: the effect of ties and of the baseline, and orders of patches
that do not depend on the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.patches import (
    Order,
    centre_first,
    descending,
    random_order,
    tie_fraction,
    tie_orders,
)
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.faithfulness.road import Road, road
from xai_core.types import PerturbationCurve, Report, no_report

RANDOM_SEEDS = (0, 1, 2)
"""The seeds of the random orders."""
MEAN_GREY = "mean grey of the breast"
"""The name of the alternative to the blurred image, in keys of the logit cache and manifests."""


class MeasureCurves(Protocol):
    """A function that measures a pair of curves:
    :func:`~xai_core.faithfulness.adaptive.adaptive` or
    :func:`~xai_core.faithfulness.insertion_deletion.full`."""

    def __call__(self, probe: PerturbationProbe, order: Order, report: Report, /) -> CurvePair: ...


@dataclass(frozen=True, eq=False)
class Reliability:
    """What a map's curves are compared with.

    ``tie_fraction``: share of patches whose relevance equals another's, in [0, 1]; mostly ReLU
    zeros.  ``forward``, ``reverse``: the curves with ties by lower and by higher index; the
    difference of their areas is not decided by the map.  ``random`` (one pair of curves for each of
    :data:`RANDOM_SEEDS`) and ``centre_first``: orders that do not depend on the map; a good map
    should do better.  ``mean_grey``: the map's curves with another baseline: the breast becomes its
    mean grey, what is outside it stays.  ``road``: the map's order with removed patches imputed
    from their neighbours.
    """

    tie_fraction: float
    forward: CurvePair
    reverse: CurvePair
    random: tuple[CurvePair, ...]
    centre_first: CurvePair
    mean_grey: CurvePair
    road: Road

    @property
    def interpretable(self) -> bool:
        """False where P(x_blur) >= P(x): then the areas do not measure faithfulness."""
        return self.forward.interpretable


@dataclass(frozen=True)
class Spread:
    """The areas under several curves: their ``mean``, with its ``error``, and the ``lowest`` and
    the ``highest``."""

    mean: float
    error: float
    lowest: float
    highest: float


def spread(curves: Sequence[PerturbationCurve]) -> Spread:
    """The spread of the areas under ``curves``, at least one; their errors are independent."""
    areas = [curve.auc for curve in curves]
    error = float(np.linalg.norm([curve.error for curve in curves])) / len(curves)
    return Spread(float(np.mean(areas)), error, min(areas), max(areas))


def assess(
    probe: PerturbationProbe,
    relevance: NDArray[np.float64],
    mean_grey: Tensor,
    report: Report = no_report,
    *,
    measure: MeasureCurves = adaptive,
    orders_of: Callable[[NDArray[np.float64]], Order] = tie_orders,
) -> Reliability:
    """Measure the curves of the comparison orders and baselines.

    The logit cache serves the images they share: the end points, the map's curves where they were
    measured before, and the orders that do not depend on the map for every further map of the same
    image.

    Args:
        relevance: (g * g,), see :func:`xai_core.faithfulness.patches.relevance`.
        mean_grey: the alternative baseline, (C, S, S) in the network's input space.
        report: called after each chunk with (parts finished, parts, :class:`CurvePair` so far of
            the current part, or None).
        measure: the function that measures each pair.
        orders_of: of :data:`xai_core.faithfulness.curves.ORDERS`; gives the map's own orders.

    Raises:
        BadRequest: ``relevance`` does not fit the grid.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    own = orders_of(relevance)
    fixed = (
        descending(relevance),
        descending(relevance, ties_reversed=True),
        centre_first(probe.grid),
        *(random_order(seed, probe.grid) for seed in RANDOM_SEEDS),
    )
    parts = len(fixed) + 2

    def at(finished: int) -> Report:
        return lambda done, total, partial: report(finished, parts, partial)  # noqa: ARG005

    forward, reverse, centre, *random = (
        measure(probe, order, at(i)) for i, order in enumerate(fixed)
    )
    grey = replace(probe, baseline=mean_grey, filling=MEAN_GREY)
    return Reliability(
        tie_fraction(relevance),
        forward,
        reverse,
        tuple(random),
        centre,
        measure(grey, own, at(parts - 2)),
        road(probe, own, at(parts - 1)),
    )

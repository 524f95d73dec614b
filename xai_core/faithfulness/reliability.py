"""Reliability of a pair of curves: the effect of ties, and orders that do not depend on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.patches import centre_first, descending, random_order, tie_fraction
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.types import Report, no_report


class MeasureCurves(Protocol):
    """A function that measures a pair of curves:
    :func:`~xai_core.faithfulness.adaptive.adaptive` or
    :func:`~xai_core.faithfulness.insertion_deletion.full`."""

    def __call__(
        self, probe: PerturbationProbe, order: NDArray[np.int64], report: Report, /
    ) -> CurvePair: ...


@dataclass(frozen=True, eq=False)
class Reliability:
    """The curves of a map's order and of three comparison orders.

    ``tie_fraction``: share of patches whose relevance equals another's, in [0, 1]; mostly ReLU
    zeros.  ``forward``, ``reverse``: the curves with ties by lower and by higher index; the
    difference of their areas is not decided by the map.  ``random`` (one seeded order) and
    ``centre_first``: orders that do not depend on the map; a good map should do better.
    """

    tie_fraction: float
    forward: CurvePair
    reverse: CurvePair
    random: CurvePair
    centre_first: CurvePair

    @property
    def interpretable(self) -> bool:
        """False where P(x_blur) >= P(x): then the areas do not measure faithfulness."""
        return self.forward.interpretable


def assess(
    probe: PerturbationProbe,
    relevance: NDArray[np.float64],
    report: Report = no_report,
    *,
    measure: MeasureCurves = adaptive,
    seed: int = 0,
) -> Reliability:
    """Measure the curves of the four orders.

    The logit cache serves the images they share: the end points, the curves of ``forward`` where
    they were measured before, and the two baseline orders for every further map of the same image.

    Args:
        relevance: (g * g,), see :func:`xai_core.faithfulness.patches.relevance`.
        report: called after each chunk with (orders finished, 4, :class:`CurvePair` so far of the
            current order, or None).
        measure: the function that measures each pair.
        seed: the seed of the random order.

    Raises:
        BadRequest: ``relevance`` does not fit the grid.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    orders = (
        descending(relevance),
        descending(relevance, ties_reversed=True),
        random_order(seed, probe.grid),
        centre_first(probe.grid),
    )

    def at(finished: int) -> Report:
        return lambda done, total, partial: report(finished, len(orders), partial)  # noqa: ARG005

    pairs = [measure(probe, order, at(i)) for i, order in enumerate(orders)]
    return Reliability(tie_fraction(relevance), *pairs)

"""How much a pair of curves can be trusted: ties, and orders that know nothing of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.patches import centre_first, descending, random_order, tie_fraction
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.types import Report, no_report


class Measure(Protocol):
    """:func:`~xai_core.faithfulness.adaptive.adaptive` or
    :func:`~xai_core.faithfulness.insertion_deletion.full`."""

    def __call__(
        self, probe: PerturbationProbe, order: NDArray[np.int64], report: Report, /
    ) -> CurvePair: ...


@dataclass(frozen=True, eq=False)
class Reliability:
    """What to say with every pair of curves.

    ``tie_fraction``: share of patches whose relevance equals another's, in [0, 1]; ReLU zeros are
    30 to 45 % of a typical map.  ``forward``, ``reverse``: the curves with ties by lower and by
    higher index; as far as their areas differ, the map did not decide.  ``random`` (one seeded
    order) and ``centre_first``: orders that have not seen the map; a map should beat them.
    """

    tie_fraction: float
    forward: CurvePair
    reverse: CurvePair
    random: CurvePair
    centre_first: CurvePair

    @property
    def interpretable(self) -> bool:
        """False where P(x_blur) >= P(x): then neither area measures faithfulness."""
        return self.forward.interpretable


def assess(
    probe: PerturbationProbe,
    relevance: NDArray[np.float64],
    report: Report = no_report,
    *,
    measure: Measure = adaptive,
    seed: int = 0,
) -> Reliability:
    """Measure the four orders.

    The book remembers what they share: the ends, forward's curves where those were measured
    before, and the two baselines for every further map of the same image.

    Args:
        relevance: (g * g,), see :func:`xai_core.faithfulness.patches.relevance`.
        report: called after each chunk with (orders finished, 4, :class:`CurvePair` of the order
            at work so far, or None).
        measure: how each pair is measured.
        seed: of the random order.

    Raises:
        BadRequest: ``relevance`` does not fit the grid.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; what was scored is remembered.
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

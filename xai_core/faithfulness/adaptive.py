"""Insertion and deletion curves with few forward passes, by adaptive placement of the points.

Both curves start with the same coarse points.  Each round then halves a few of the gaps that
contribute most to the uncertainty of an area
(:func:`xai_core.faithfulness.perturbation.gap_errors`), until the standard uncertainty of both
areas is at most a tolerance or a budget of images is spent.
"""

from __future__ import annotations

import numpy as np

from xai_core.errors import BadRequest
from xai_core.faithfulness.insertion_deletion import (
    KINDS,
    Points,
    coarse_to_fine,
    complete_pair,
)
from xai_core.faithfulness.patches import Order
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe, gap_errors
from xai_core.types import Report, no_report

TOLERANCE = 0.005
BUDGET = 64
START = 9  # initial points per curve: 16 images, as the two curves share their end points
ROUND = 8  # new points per round; fixed, so that the curve does not depend on the chunk size


def adaptive(
    probe: PerturbationProbe,
    order: Order,
    report: Report = no_report,
    *,
    tolerance: float = TOLERANCE,
    budget: int = BUDGET,
) -> CurvePair:
    """Measure both curves with more points where they change.

    Args:
        order: the patches, the most relevant first.
        report: called after each chunk with (images so far, ``budget``, :class:`CurvePair` so far
            or None until both ends are known).
        tolerance: stop when the standard uncertainty of either area is at most this, in (0, 1).
        budget: at most this many distinct images for both curves, at least 16.  Cached images count
            as well, so that the curves do not depend on earlier requests.

    Returns:
        Each curve with ``error``, an estimate and not a bound: a curve can have an undetected
        spike.  It is twice the standard uncertainty, and exceeds twice ``tolerance`` where the
        budget was spent first.

    Raises:
        BadRequest: ``order`` does not fit the grid; tolerance or budget out of range.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    probe.check(order)
    if budget < 2 * START - 2:
        raise BadRequest(f"The budget is {budget} images; give at least {2 * START - 2}.")
    if not 0 < tolerance < 1:
        raise BadRequest(f"The tolerance is {tolerance}; give an area above 0 and below 1.")
    counts = np.unique(np.round(np.linspace(0, probe.patches, START)).astype(np.int64))
    points = Points(probe, order)
    wanted = [(kind, int(k)) for k in coarse_to_fine(counts) for kind in KINDS]
    while wanted:
        points.measure(wanted, report, total=budget)
        wanted = _next(points, tolerance, min(ROUND, budget - len(points.names)))
    return complete_pair(points)


def _next(points: Points, tolerance: float, limit: int) -> list[tuple[str, int]]:
    """The middles of the most uncertain gaps of the curves above ``tolerance``."""
    candidates: list[tuple[float, str, int]] = []
    for kind in KINDS:
        counts, p = points.known(kind)
        errors = gap_errors(counts, p)
        if np.linalg.norm(errors) > tolerance:
            middles = (counts[:-1] + counts[1:]) // 2
            candidates += [
                (float(error), kind, int(middle))
                for error, middle in zip(errors, middles, strict=True)
                if error > 0
            ]
    candidates.sort(key=lambda c: -c[0])
    return [(kind, middle) for _, kind, middle in candidates[:limit]]

"""Insertion and deletion curves with few forward passes, by adaptive placement of the points.

Both curves start with the same coarse points.  Within a tie of patches a point is the mean over two
orders of them, over more where the two leave the area uncertain.  Each round then halves a few of
the gaps that contribute most to the uncertainty of an area
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
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe, gap_errors, tie_error
from xai_core.types import Report, no_report

TOLERANCE = 0.005
BUDGET = 64
FIRST_ORDERS = 2  # of several orders of tied patches; the others where these two differ
FINE_TOLERANCE = 0.0015
FINE_BUDGET = 256
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
        order: the patches, the most relevant first; or several orders that differ in tied patches,
            of which the first two are measured, and all where the areas of the two differ.
        report: called after each chunk with (images so far, images at most, :class:`CurvePair` so
            far or None until both ends are known).
        tolerance: stop when the standard uncertainty of either area is at most this, in (0, 1).
        budget: at most this many distinct images for both curves, at least 16; half as many again
            for several orders, see :func:`images_at_most`.  Cached images count as well, so that
            the curves do not depend on earlier requests.

    Returns:
        Each curve with ``error``, an estimate and not a bound: a curve can have an undetected
        spike.  It is twice the standard uncertainty, and exceeds twice ``tolerance`` where the
        budget was spent first.

    Raises:
        BadRequest: ``order`` does not fit the grid; tolerance or budget out of range.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    orders = probe.check(order)
    points = Points(probe, orders, used=min(FIRST_ORDERS, len(orders)))
    if budget < 2 * START - 2:
        raise BadRequest(f"The budget is {budget} images; give at least {2 * START - 2}.")
    most = images_at_most(budget, len(points.orders))
    if not 0 < tolerance < 1:
        raise BadRequest(f"The tolerance is {tolerance}; give an area above 0 and below 1.")
    counts = np.unique(np.round(np.linspace(0, probe.patches, START)).astype(np.int64))
    while points.images(counts) > most and len(counts) > 3:  # a small budget for many ties
        counts = np.append(counts[:-1:2], counts[-1])
    wanted = [(kind, int(k)) for k in coarse_to_fine(counts) for kind in KINDS]
    while wanted:
        points.measure(wanted, report, total=most)
        left = most - len(points.names)
        wanted = _more_orders(points, tolerance, left) or _next(points, tolerance, min(ROUND, left))
    return complete_pair(points)


def images_at_most(budget: int, orders: int) -> int:
    """The number of images that a budget allows: half as many again for several orders, as a point
    within a tie needs one for each."""
    return budget if orders == 1 else budget * 3 // 2


def _more_orders(points: Points, tolerance: float, limit: int) -> list[tuple[str, int]]:
    """The points within ties, to be measured in all orders, where the first orders leave an area
    more uncertain than ``tolerance``; none where this takes more than ``limit`` images."""
    tied, further = points.tied(), len(points.orders) - points.used
    uncertain = any(tie_error(*points.known(kind)) > tolerance for kind in KINDS)
    if not further or not uncertain or len(tied) * further > limit:
        return []
    points.used = len(points.orders)
    return tied


def _next(points: Points, tolerance: float, limit: int) -> list[tuple[str, int]]:
    """The middles of the gaps with the most uncertainty per image, of the curves above
    ``tolerance``; at most ``limit`` images."""
    candidates: list[tuple[float, int, str, int]] = []
    for kind in KINDS:
        counts, p = points.known(kind)
        errors = gap_errors(counts, p.mean(1))
        if np.linalg.norm(errors) > tolerance:
            middles = (counts[:-1] + counts[1:]) // 2
            for error, middle in zip(errors.tolist(), middles.tolist(), strict=True):
                if error > 0:
                    cost = points.cost(middle)
                    candidates.append((error / cost, cost, kind, middle))
    candidates.sort(key=lambda c: -c[0])
    chosen: list[tuple[str, int]] = []
    for _, cost, kind, middle in candidates:
        if cost <= limit:
            chosen.append((kind, middle))
            limit -= cost
    return chosen

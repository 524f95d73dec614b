"""Insertion and deletion curves with a point at every step: the reference for adaptive curves.

Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018, arXiv:1806.07421; here on patches and with a blurred baseline for both curves, as in the
Hybrid-CAM paper.  Insertion starts at the blurred image and reveals patches, the most relevant
first; deletion starts at the image and blurs them in the same order.  With a faithful map the
insertion curve rises early (area near 1) and the deletion curve falls early (area near 0).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from xai_core.errors import BadRequest
from xai_core.faithfulness.patches import Order
from xai_core.faithfulness.perturbation import (
    DELETION,
    INSERTION,
    Counts,
    CurvePair,
    PerturbationProbe,
    Probabilities,
    curve,
    shown_patches,
)
from xai_core.types import BoolArray, Report, no_report

KINDS = (INSERTION, DELETION)


def coarse_to_fine(counts: Counts) -> Counts:
    """``counts`` reordered so that every prefix covers the range: the two ends first, then
    ever finer steps."""
    last = len(counts) - 1
    places = [0, last]
    stride = 1 << last.bit_length()
    while stride:
        places += range(0, last + 1, stride)
        stride //= 2
    return counts[list(dict.fromkeys(places))]  # each place once, at its first occurrence


@dataclass(eq=False)
class Points:
    """The points of both curves measured so far.

    ``orders``: (n, patches); they differ only in the order of tied patches.  ``used``: how many of
    them are measured.  ``p``: curve -> patches changed -> P in each order, or one value where all
    orders have changed the same patches.  ``names``: the keys of the images behind the points.
    """

    probe: PerturbationProbe
    orders: Order
    used: int
    p: dict[str, dict[int, Probabilities]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    names: set[str] = field(default_factory=set)

    def cost(self, k: int) -> int:
        """The number of images behind the point of either curve after ``k`` patches."""
        return len(self._shown(INSERTION, k))

    def images(self, counts: Counts) -> int:
        """The number of images behind points after ``counts`` patches, both ends among them, on
        both curves, which share their ends."""
        return 2 * sum(self.cost(int(k)) for k in counts) - 2

    def _shown(self, kind: str, k: int) -> BoolArray:
        """The patches that each order shows after ``k`` steps, (used, patches); (1, patches) where
        that is the same in all."""
        each = np.concatenate(
            [shown_patches(kind, order, np.array([k])) for order in self.orders[: self.used]]
        )
        return each[:1] if (each == each[0]).all() else each

    def tied(self) -> list[tuple[str, int]]:
        """The points measured in several orders: (curve, patches changed)."""
        return [(kind, k) for kind in KINDS for k, p in self.p[kind].items() if len(p) > 1]

    def measure(self, wanted: list[tuple[str, int]], report: Report, total: int) -> None:
        """Score the points ``wanted``, pairs (curve, patches changed), in that order."""
        rows = [self._shown(kind, k) for kind, k in wanted]
        names = [[self.probe.key(row) for row in point] for point in rows]
        ends = np.cumsum([len(point) for point in rows])

        def add(probabilities: Probabilities) -> None:
            each = np.split(probabilities, ends[:-1])
            for (kind, k), own, p in zip(wanted, names, each, strict=True):
                known = ~np.isnan(p)
                self.names.update(itertools.compress(own, known))
                if known.all():
                    self.p[kind][k] = p

        def partial(done: int, of: int, so_far: Probabilities) -> None:  # noqa: ARG001
            add(so_far)
            report(len(self.names), total, self.pair())

        add(self.probe.probabilities(np.concatenate(rows), partial))

    def known(self, kind: str) -> tuple[Counts, Probabilities]:
        """The measured points of a curve: patches changed, increasing, and P at each in each order
        that all of them were measured in, (points, orders)."""
        counts = np.array(sorted(self.p[kind]), dtype=np.int64)
        found = [self.p[kind][int(k)] for k in counts]
        orders = min((len(p) for p in found if len(p) > 1), default=1)
        return counts, np.stack([np.broadcast_to(p[:orders], orders) for p in found])

    def pair(self) -> CurvePair | None:
        """The curves through the points so far; None until both curves have both end points."""
        ends = (0, self.probe.patches)
        if not all(k in self.p[kind] for kind in KINDS for k in ends):
            return None
        insertion, deletion = (curve(kind, *self.known(kind)) for kind in KINDS)
        return CurvePair(insertion, deletion, len(self.names))


def full(
    probe: PerturbationProbe, order: Order, report: Report = no_report, *, step: int = 1
) -> CurvePair:
    """Measure both curves with a point after every ``step`` patches, both end points included.

    Args:
        order: the patches, the most relevant first; or several orders that differ in tied patches.
        report: called after each chunk with (images so far, images in all, :class:`CurvePair` so
            far or None until both ends are known).  Points arrive coarse to fine.
        step: patches per point; 1 is the reference (577 points of 576 patches).

    Raises:
        BadRequest: ``order`` does not fit the grid, or ``step`` is outside 1..patches.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    orders = probe.check(order)
    points = Points(probe, orders, used=len(orders))
    if not 1 <= step <= probe.patches:
        raise BadRequest(f"step is {step}; give 1 to {probe.patches} patches per point.")
    counts = np.append(np.arange(0, probe.patches, step), probe.patches)
    wanted = [(kind, int(k)) for k in coarse_to_fine(counts) for kind in KINDS]
    points.measure(wanted, report, total=points.images(counts))
    return complete_pair(points)


def complete_pair(points: Points) -> CurvePair:
    """The curves through ``points``, which must include both end points of each."""
    pair = points.pair()
    if pair is None:
        raise ValueError("the ends of a curve were not measured")
    return pair

"""Insertion and deletion curves with a point at every step: the reference for adaptive curves.

Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018, arXiv:1806.07421; here on patches and with a blurred baseline for both curves, as in the
Hybrid-CAM paper.  Insertion starts at the blurred image and reveals patches, the most relevant
first; deletion starts at the image and blurs them in the same order.  With a faithful map the
insertion curve rises early (area near 1) and the deletion curve falls early (area near 0).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from xai_core.errors import BadRequest
from xai_core.faithfulness.patches import Order, image_key
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
from xai_core.types import Report, no_report

KINDS = (INSERTION, DELETION)


def coarse_to_fine(counts: Counts) -> Counts:
    """``counts`` reordered so that every prefix covers the range: the two ends first, then
    ever finer steps."""
    last = len(counts) - 1
    places = [0, last]
    stride = 1 << max(last.bit_length(), 1)
    while stride:
        places += range(0, last + 1, stride)
        stride //= 2
    return counts[list(dict.fromkeys(places))]  # each place once, at its first occurrence


@dataclass(eq=False)
class Points:
    """The points of both curves measured so far; ``p``: curve -> patches changed -> P.
    ``names``: the keys of the images behind the points."""

    probe: PerturbationProbe
    order: Order
    p: dict[str, dict[int, float]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    names: set[str] = field(default_factory=set)

    def measure(self, wanted: list[tuple[str, int]], report: Report, total: int) -> None:
        """Score the points ``wanted``, pairs (curve, patches changed), in that order."""
        rows = [shown_patches(kind, self.order, np.array([k]))[0] for kind, k in wanted]

        def add(probabilities: Probabilities) -> None:
            for (kind, k), row, value in zip(wanted, rows, probabilities, strict=True):
                if not np.isnan(value):
                    self.p[kind][k] = float(value)
                    self.names.add(image_key(row))

        def partial(done: int, of: int, so_far: Probabilities) -> None:  # noqa: ARG001
            add(so_far)
            report(len(self.names), total, self.pair())

        add(self.probe.probabilities(np.stack(rows), partial))

    def known(self, kind: str) -> tuple[Counts, Probabilities]:
        """The measured points of a curve: patches changed, increasing, and P at each."""
        counts = np.array(sorted(self.p[kind]), dtype=np.int64)
        return counts, np.array([self.p[kind][k] for k in counts])

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
        order: the patches, the most relevant first.
        report: called after each chunk with (images so far, images in all, :class:`CurvePair` so
            far or None until both ends are known).  Points arrive coarse to fine.
        step: patches per point; 1 is the reference (577 points of 576 patches).

    Raises:
        BadRequest: ``order`` does not fit the grid, or ``step`` is outside 1..patches.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    probe.check(order)
    if not 1 <= step <= probe.patches:
        raise BadRequest(f"step is {step}; give 1 to {probe.patches} patches per point.")
    counts = np.append(np.arange(0, probe.patches, step), probe.patches)
    points = Points(probe, order)
    wanted = [(kind, int(k)) for k in coarse_to_fine(counts) for kind in KINDS]
    points.measure(wanted, report, total=2 * len(counts) - 2)
    return complete_pair(points)


def complete_pair(points: Points) -> CurvePair:
    """The curves through ``points``, which must include both end points of each."""
    pair = points.pair()
    if pair is None:
        raise ValueError("the ends of a curve were not measured")
    return pair

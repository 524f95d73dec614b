"""The perturbation probe (image, baseline, class and scorer), its curves, and their error estimate.

The error estimate says how far the area under a curve with some of its points may be from the area
with all points.  Each gap between neighbouring points is uncertain for two reasons, of which the
larger one counts:

* The curve changes by d between the two points.  If it makes one jump at an unknown place, the
  trapezoid is off by at most d/2 times the gap's width.
* The curve is rough: nearby points lie off the line through their neighbours by some residual, and
  so may the points in between.  A stretch that looks smooth by chance on a rough curve is not
  trusted: the residual counts as at least FLOOR times the curve's median residual, at most the
  curve's range.

Gaps are independent, so they add in quadrature; where patches tie, the spread between the orders
of the tied patches is added likewise (:func:`tie_error`).  The stated error of an area is this
standard uncertainty times a coverage factor of 2 (Guide to the Expression of Uncertainty in
Measurement, JCGM 100:2008, 6.2).  It is an estimate, not a bound: a spike between two points with
similar values is not detected.  ``python -m benchmarks --only adaptive --pairs 240`` compares it
with curves of all points: the share of the curves that it covers, and the factor that would cover
95 % of them, are in ``benchmarks/results.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.faithfulness.patches import GRID, Order, first_patches, image_key, render
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import BoolArray, FloatArray, PerturbationCurve, Report, no_report

# --- Error estimate ---------------------------------------------------------------------------

JUMP = 0.5
ROUGHNESS = 1.0
FLOOR = 4.0
COVERAGE = 2.0


def gap_errors(counts: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The contribution of each gap to the standard uncertainty of the area, (n - 1,), n >= 2.

    Args:
        counts: patches changed at each point, increasing from 0 to the number of patches.
        p: probability at each point, in [0, 1].

    Returns:
        In units of the area over [0, 1]; 0 for a gap with no patch in between.
    """
    width = np.diff(counts)
    hidden = (1 - 1 / width) * width / counts[-1]
    residual = _residuals(counts, p)
    rough = np.maximum(residual[:-1], residual[1:])
    return np.asarray(hidden * np.maximum(JUMP * np.abs(np.diff(p)), ROUGHNESS * rough))


def area_error(counts: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """The stated absolute error of the trapezoid: COVERAGE times the standard uncertainty, of the
    gaps and of the orders of tied patches; 0 where every patch has a point in one order.

    ``p``: (n,), or (n, orders).
    """
    if p.ndim == 1:
        return COVERAGE * float(np.linalg.norm(gap_errors(counts, p)))
    gaps = np.linalg.norm(gap_errors(counts, p.mean(1)))
    return COVERAGE * float(np.hypot(gaps, tie_error(counts, p)))


def tie_error(counts: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """The standard uncertainty of the mean area over orders of tied patches: the standard deviation
    of the orders' areas over the root of their number; 0 for one order.

    Orders that reverse each other are taken as independent, which overstates it where the score is
    nearly a sum over patches.

    ``p``: (n, orders).
    """
    orders = p.shape[1]
    if orders == 1:
        return 0.0
    areas = np.trapezoid(p, counts / counts[-1], axis=0)
    return float(np.std(areas, ddof=1) / orders**0.5)


def _residuals(counts: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of each point from the line through its neighbours; an end point gets that of
    its neighbour."""
    if len(counts) < 3:
        return np.zeros(len(counts))
    t = (counts[1:-1] - counts[:-2]) / (counts[2:] - counts[:-2])
    inner = np.abs(p[1:-1] - (1 - t) * p[:-2] - t * p[2:])
    inner = np.clip(inner, min(FLOOR * np.median(inner), np.ptp(p)), None)
    return np.concatenate([inner[:1], inner, inner[-1:]])


# --- Probe and curves -------------------------------------------------------------------------

INSERTION, DELETION = "insertion", "deletion"
Counts = NDArray[np.int64]
Probabilities = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PerturbationProbe:
    """The image, baseline, class and scorer that curves are measured with.

    ``x``, ``baseline``: (C, S, S) in the network's input space; selecting pixels of either there
    equals selecting them in [0, 1] before the (affine) normalisation.  ``target``: the class whose
    softmax probability is P.  ``logit_cache``: belongs to this image and these weights.  ``grid``:
    patches per side, at most S.  ``filling``: the name of ``baseline``, or of what ``fill`` does,
    in the cache's keys; "" for the blurred image.  ``fill``: makes the images that show some
    patches (n, g * g) of ``x``, in place of ``baseline``.
    """

    x: Tensor
    baseline: Tensor
    target: int
    logit_cache: LogitCache
    grid: int = GRID
    filling: str = ""
    fill: Callable[[Tensor, BoolArray], Tensor] | None = None

    def key(self, kept: BoolArray) -> str:
        """The key, in the logit cache, of the image that shows ``kept`` (g * g,)."""
        return image_key(kept, self.filling)

    @property
    def patches(self) -> int:
        """The number of patches."""
        return self.grid**2

    def check(self, order: Order) -> Order:
        """``order`` as an array (n, g * g).

        Raises:
            BadRequest: an order does not contain each patch once.
        """
        orders = np.atleast_2d(order)
        if orders.shape[-1] != self.patches or (np.sort(orders) != np.arange(self.patches)).any():
            raise BadRequest(
                f"The order of patches has {orders.shape[-1]} entries; it must name each of the "
                f"{self.patches} patches once."
            )
        return orders

    def probabilities(self, kept: BoolArray, report: Report = no_report) -> Probabilities:
        """P of the images that show the patches ``kept`` (n, g * g), float64 (n,).

        ``report(done, total, probabilities so far)``, NaN where not yet known.

        Raises:
            ModelError: a logit that is not finite.
            BadRequest: the image has fewer pixels on a side than the grid has patches.
        """

        def images(positions: Sequence[int]) -> Tensor:
            shown = kept[list(positions)]
            if self.fill is not None:
                return self.fill(self.x, shown)
            return render(self.x, self.baseline, shown)

        def partial(done: int, total: int, logits: FloatArray) -> None:
            report(done, total, self._probability(logits))

        keys = [self.key(row) for row in kept]
        return self._probability(self.logit_cache.score(keys, images, partial))

    def _probability(self, logits: FloatArray) -> Probabilities:
        return np.asarray(softmax(logits.astype(np.float64), axis=1)[:, self.target])


@dataclass(frozen=True, eq=False)
class CurvePair:
    """The insertion and deletion curves of one order of patches on one image.

    ``images``: number of distinct perturbed images behind the pair, cached or not
    (``LogitCache.forwards`` counts the passes really run).
    """

    insertion: PerturbationCurve
    deletion: PerturbationCurve
    images: int

    @property
    def interpretable(self) -> bool:
        """False where P(x_blur) >= P(x): blurring the whole image does not lower the score."""
        p = self.deletion.probability
        return bool(p[-1] < p[0])


def shown_patches(kind: str, order: Order, counts: Counts) -> BoolArray:
    """The patches of the original that are visible after ``counts`` (n,) steps of a curve:
    (n, g * g)."""
    first = first_patches(order, counts)
    return first if kind == INSERTION else ~first


def curve(kind: str, counts: Counts, p: Probabilities) -> PerturbationCurve:
    """The curve through given points, with its area (trapezoid over [0, 1]) and error estimate.

    ``counts``: patches changed, increasing from 0 to all.  ``p``: the probability at each, (n,), or
    in each of several orders of tied patches, (n, orders); the curve is their mean.
    """
    fraction = counts / counts[-1]
    mean = p if p.ndim == 1 else p.mean(1)
    area = float(np.trapezoid(mean, fraction))
    return PerturbationCurve(kind, fraction, mean, area, area_error(counts, p))


def patches_changed(points: PerturbationCurve, patches: int) -> Counts:
    """The number of ``patches`` changed at each point: the ``counts`` given to :func:`curve`."""
    return np.rint(points.fraction * patches).astype(np.int64)

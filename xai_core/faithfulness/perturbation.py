"""An image under perturbation, the curves measured of it, and their error.

How far the area under a curve known at some points may be from the area at all points.

Each gap between neighbouring points is uncertain for two reasons, and the larger one counts:

* the curve moved by d between the two points: had it made one jump at an unknown place, the
  trapezoid would be off by at most d/2 times the gap's width;
* the curve is rough: near by, points lie off the line through their neighbours by some residual,
  and so may the points in between.  A stretch that happens to look smooth on a rough curve is not
  trusted: the residual counts as at least FLOOR times the curve's median one, within the curve's
  range.

Gaps are independent, so they add in quadrature.  What is stated of an area is that standard
uncertainty times a coverage factor of 2, as the Guide to the Expression of Uncertainty in
Measurement has it (JCGM 100:2008, 6.2): it shall hold for both curves of a pair, on networks these
constants were not chosen on.  It is an estimate, not a bound: a spike between two points that agree
cannot be seen.  The constants were chosen on 640 pairs of full curves of two small trained ConvNeXt
V2 networks (40 images each, 8 orders per image).  On a third network they had not seen, the
adaptive areas of both curves were within 0.005 in 95.9 % of 320 pairs and within the standard
uncertainty in 96.6 %, with 46 images per pair on average; on ConvNeXtV2-Tiny in 11 of 12 pairs,
which is why it is stated with the factor.  With it 12 of 12 were covered on the next weights
(``python -m benchmarks --only adaptive``).

What every insertion and deletion curve is measured on: an image, its baseline, a class and a
scorer; and the pair of curves that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.faithfulness.patches import GRID, Order, first_patches, key, render
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import BoolArray, FloatArray, PerturbationCurve, Report, no_report

JUMP = 0.5
ROUGHNESS = 1.0
FLOOR = 4.0
COVERAGE = 2.0


def gap_errors(counts: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard uncertainty each gap brings to the area, (n - 1,), for n >= 2 points.

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
    """The stated absolute error of the trapezoid: the gaps' standard uncertainty, COVERAGE times;
    0 where every patch has its point."""
    return COVERAGE * float(np.linalg.norm(gap_errors(counts, p)))


def _residuals(counts: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each point lies off the line through its neighbours; an end takes its neighbour's."""
    if len(counts) < 3:
        return np.zeros(len(counts))
    t = (counts[1:-1] - counts[:-2]) / (counts[2:] - counts[:-2])
    inner = np.abs(p[1:-1] - (1 - t) * p[:-2] - t * p[2:])
    inner = np.clip(inner, min(FLOOR * np.median(inner), np.ptp(p)), None)
    return np.concatenate([inner[:1], inner, inner[-1:]])


INSERTION, DELETION = "insertion", "deletion"
Counts = NDArray[np.int64]
Probabilities = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PerturbationProbe:
    """The image under perturbation.

    ``x``, ``baseline``: (C, S, S) in the network's input space; choosing pixels of either there
    equals choosing them in [0, 1] before the (affine) normalisation.  ``target``: the class whose
    softmax probability is P.  ``book``: belongs to this image, this baseline and these weights.
    ``grid``: patches per side, at most S.
    """

    x: Tensor
    baseline: Tensor
    target: int
    logit_cache: LogitCache
    grid: int = GRID

    @property
    def patches(self) -> int:
        """How many patches the image has."""
        return self.grid**2

    def check(self, order: Order) -> None:
        """Raises BadRequest unless ``order`` names each patch once."""
        if not np.array_equal(np.sort(order), np.arange(self.patches)):
            raise BadRequest(
                f"The order of patches has {len(order)} entries; it must name each of the "
                f"{self.patches} patches once."
            )

    def probabilities(self, kept: BoolArray, report: Report = no_report) -> Probabilities:
        """P of the images that show the patches ``kept`` (n, g * g), float64 (n,).

        ``report(done, total, probabilities so far)``, NaN where not yet known.

        Raises:
            ModelError: a logit that is not finite.
            BadRequest: the image has fewer pixels on a side than the grid patches.
        """

        def images(positions: Sequence[int]) -> Tensor:
            return render(self.x, self.baseline, kept[list(positions)])

        def partial(done: int, total: int, logits: FloatArray) -> None:
            report(done, total, self._probability(logits))

        keys = [key(row) for row in kept]
        return self._probability(self.logit_cache.score(keys, images, partial))

    def _probability(self, logits: FloatArray) -> Probabilities:
        return np.asarray(softmax(logits.astype(np.float64), axis=1)[:, self.target])


@dataclass(frozen=True, eq=False)
class CurvePair:
    """Insertion and deletion of one order on one image.

    ``images``: distinct perturbed images the pair rests on, remembered or not
    (``LogitCache.forwards`` counts what was really spent).
    """

    insertion: PerturbationCurve
    deletion: PerturbationCurve
    images: int

    @property
    def interpretable(self) -> bool:
        """False where P(x_blur) >= P(x): blurring everything does not lower the score at all."""
        p = self.deletion.probability
        return bool(p[-1] < p[0])


def shown(kind: str, order: Order, counts: Counts) -> BoolArray:
    """The patches of the original that a curve shows after ``counts`` steps: (n, g * g)."""
    first = first_patches(order, counts)
    return first if kind == INSERTION else ~first


def curve(kind: str, counts: Counts, p: Probabilities) -> PerturbationCurve:
    """A curve from its points: trapezoid over [0, 1] and the estimate of its error.

    ``counts``: patches changed, increasing from 0 to all; ``p``: the probability there.
    """
    fraction = counts / counts[-1]
    area = float(np.trapezoid(p, fraction))
    return PerturbationCurve(kind, fraction, p, area, area_error(counts, p))


def patches_changed(points: PerturbationCurve, patches: int) -> Counts:
    """How many of all ``patches`` were changed at each point: what :func:`curve` was given."""
    return np.rint(points.fraction * patches).astype(np.int64)

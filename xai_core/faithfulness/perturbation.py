"""What every insertion and deletion curve is measured on: an image, its baseline, a class and a
scorer; and the pair of curves that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.faithfulness.estimate import area_error
from xai_core.faithfulness.patches import GRID, Order, first_patches, key, render
from xai_core.store.scorebook import Scorebook
from xai_core.types import BoolArray, FloatArray, PerturbationCurve, Report, no_report

INSERTION, DELETION = "insertion", "deletion"
Counts = NDArray[np.int64]
Probabilities = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subject:
    """The image under perturbation.

    ``x``, ``baseline``: (C, S, S) in the network's input space; choosing pixels of either there
    equals choosing them in [0, 1] before the (affine) normalisation.  ``target``: the class whose
    softmax probability is P.  ``book``: belongs to this image, this baseline and these weights.
    ``grid``: patches per side, at most S.
    """

    x: Tensor
    baseline: Tensor
    target: int
    book: Scorebook
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
        return self._probability(self.book.score(keys, images, partial))

    def _probability(self, logits: FloatArray) -> Probabilities:
        return np.asarray(softmax(logits.astype(np.float64), axis=1)[:, self.target])


@dataclass(frozen=True, eq=False)
class CurvePair:
    """Insertion and deletion of one order on one image.

    ``images``: distinct perturbed images the pair rests on, remembered or not
    (``Scorebook.forwards`` counts what was really spent).
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

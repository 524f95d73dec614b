"""The calibration of a reader's confidence: are seven in ten answers given with 0.7 right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai_core.errors import BadRequest
from xai_core.statistics.calibration import (
    Bin,
    ChanceError,
    calibration,
    calibration_error,
    calibration_error_by_chance,
)


@dataclass(frozen=True)
class Confidence:
    """How a reader's confidence agrees with being right.

    ``curve``: the share of right answers by confidence.  ``error``: the expected calibration error,
    beside ``by_chance``, that of a perfectly calibrated reader of as many cases.  ``excess``: mean
    confidence less the share of right answers, above 0 for an overconfident reader.
    """

    curve: tuple[Bin, ...]
    error: float
    by_chance: ChanceError
    excess: float


def confidence_calibration(right: ArrayLike, confidence: ArrayLike, *, seed: int) -> Confidence:
    """See :mod:`~xai_core.statistics.calibration`, with being right in the place of malignant.

    Args:
        right: (n,), whether each answer was right.
        confidence: (n,), the probability of being right that the reader stated, in [0, 1]; with two
            answers 0.5 is a guess.
        seed: the same seed gives the same error by chance.

    Raises:
        BadRequest: there are no answers, the lengths differ, or a confidence is not in [0, 1].
    """
    hit, p = np.asarray(right, dtype=bool), np.asarray(confidence, dtype=np.float64)
    if not hit.size or hit.ndim != 1 or hit.shape != p.shape:
        raise BadRequest(
            f"There are {hit.size} answers and {p.size} confidences; give one of each for every "
            "case, and a case or more."
        )
    if not ((p >= 0) & (p <= 1)).all():
        raise BadRequest("A confidence is not between 0 and 1; state it as a probability.")
    curve = calibration(hit, p)
    chance = calibration_error_by_chance(p, seed=seed)
    return Confidence(curve, calibration_error(curve), chance, float(p.mean() - hit.mean()))

"""A temperature and a bias that make a classifier's probabilities agree with what is observed.

P = 1 / (1 + exp(-(d / T + b))) of a logit difference d (positive minus negative class), fitted by
maximum likelihood on data that training never saw.  Platt, "Probabilistic outputs for support
vector machines", 1999, without his smoothed labels; with b = 0 it is the temperature scaling of
Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599.
The order of the cases, and so the ROC curve, stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit

from xai_core.errors import CannotCalibrate

_TOLERANCE = 1e-8  # of the gradient of the mean log-likelihood


@dataclass(frozen=True)
class Recalibration:
    """``temperature``: above 0, divides the logits.  ``bias``: is added to their difference."""

    temperature: float
    bias: float

    def differences(self, difference: ArrayLike) -> NDArray[np.float64]:
        """The recalibrated logit differences d / T + b."""
        return np.asarray(difference, dtype=np.float64) / self.temperature + self.bias


def recalibrate(label: ArrayLike, difference: ArrayLike) -> Recalibration:
    """The temperature and the bias of greatest likelihood.

    Args:
        label: (n,), True for positives.
        difference: (n,), logit of the positive class minus that of the other one, finite.

    Raises:
        CannotCalibrate: the likelihood has no maximum: one class only, equal logits throughout, or
            logits that separate the classes without an overlap; or its maximum is at a temperature
            that is not positive, where the logits do not tell the classes apart in the right
            direction; or a logit is not finite.
    """
    positive = np.asarray(label, dtype=bool)
    d = np.asarray(difference, dtype=np.float64)
    _check(positive, d)
    # Standardised, so that one tolerance suits logits of any size.
    centre, spread = float(d.mean()), float(d.std())
    z, sign = (d - centre) / spread, np.where(positive, 1.0, -1.0)

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (x[0] * z + x[1])
        slope = -sign * expit(-margin)
        return float(np.logaddexp(0, -margin).mean()), np.array([(slope * z).mean(), slope.mean()])

    def hessian(x: NDArray[np.float64]) -> NDArray[np.float64]:
        p = expit(x[0] * z + x[1])
        weight = p * (1 - p)
        mixed = (weight * z).mean()
        return np.array([[(weight * z * z).mean(), mixed], [mixed, weight.mean()]])

    found = minimize(
        loss, np.zeros(2), jac=True, hess=hessian, method="trust-exact",
        options={"gtol": _TOLERANCE},
    )  # fmt: skip
    slope, offset = found.x
    if slope <= 0:
        raise CannotCalibrate(
            "The logits do not rise with the class on the validation images, so no temperature can "
            "calibrate them; train the network longer or check the labels."
        )
    return Recalibration(float(spread / slope), float(offset - slope * centre / spread))


def _check(positive: NDArray[np.bool_], d: NDArray[np.float64]) -> None:
    if not np.isfinite(d).all():
        raise CannotCalibrate(
            "A validation logit is not a finite number; the weights are unusable."
        )
    if positive.all() or not positive.any():
        raise CannotCalibrate(
            f"The {len(d)} validation images are all of one class; both are needed: draw more."
        )
    if d.min() == d.max():
        raise CannotCalibrate(
            f"The network gives all {len(d)} validation images the same logits; there is nothing "
            "to calibrate."
        )
    inside, outside = d[positive], d[~positive]
    if inside.min() >= outside.max() or outside.min() >= inside.max():
        raise CannotCalibrate(
            f"The logits separate the classes of the {len(d)} validation images without an "
            "overlap, so the likelihood has no maximum; draw more validation images."
        )

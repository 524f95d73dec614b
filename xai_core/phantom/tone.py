"""From linear tissue to the grey levels of a mammogram.

The curve is fixed by the NORMAL tissue's percentiles, so a lesion cannot change how the rest of the
breast is shown, and nothing about the class leaks into the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.types import FloatArray

_QUANTILES = (1, 5, 25, 50, 75, 95, 99)
# Median grey percentiles within the breast of 326 low-energy images of CDD-CESM.
_LOW_ENERGY = np.array([11, 22, 44, 67, 98, 152, 196], dtype=np.float64)


@dataclass(frozen=True)
class ToneCurve:
    """Piecewise linear map from tissue units to grey 0..255, with the picture's noise seed."""

    tissue: tuple[float, ...]
    grey: tuple[float, ...]


def draw_tone_curve(rng: np.random.Generator, background: Background) -> ToneCurve:
    """A curve that gives this background the grey percentiles of real images, with 10 % jitter."""
    inside = background.tissue[background.breast | background.nipple]
    knots = np.percentile(inside, _QUANTILES)
    target = _LOW_ENERGY * np.exp(rng.normal(0, 0.08))
    target[3:] *= np.exp(rng.normal(0, 0.10))
    target = np.maximum.accumulate(target + np.arange(7) * 0.01)
    tissue = (float(knots[0]) - 30, *map(float, knots), float(knots[-1]) + 60)
    grey = (2.0, *map(float, target), min(255.0, float(target[-1]) + 45))
    return ToneCurve(tissue, grey)


def expose(
    rng: np.random.Generator, curve: ToneCurve, background: Background, tissue: FloatArray
) -> FloatArray:
    """The picture of ``tissue``: float32 (H, W) grey 0..255, air 0, with blur and noise.

    ``tissue`` is the background's, with or without lesions in it.
    """
    grey = np.interp(tissue, curve.tissue, curve.grey)
    grey = np.where(background.nipple & ~background.breast, np.maximum(grey, 60), grey)
    grey = ndi.gaussian_filter(grey, 0.5)
    grey = grey + rng.standard_normal(grey.shape, dtype=np.float32)
    body = background.breast | background.nipple
    return np.where(body, grey.clip(0, 255), 0).astype(np.float32)

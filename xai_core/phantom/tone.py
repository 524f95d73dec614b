"""From linear tissue to the grey levels of a mammogram.

The curve is fixed by the NORMAL tissue's percentiles, so a lesion cannot change how the rest of the
breast is shown, and nothing about the class leaks into the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.skin import LOW_ENERGY, corrected, faded_ends, skin_correction
from xai_core.types import FloatArray

_QUANTILES = (1, 5, 25, 50, 75, 95, 99)
# Median grey percentiles within the breast of 326 low-energy images of CDD-CESM.
_LOW_ENERGY = np.array([11, 22, 44, 67, 98, 152, 196], dtype=np.float64)


@dataclass(frozen=True)
class ToneCurve:
    """Piecewise linear map from tissue units to grey 0..255, then ``skin``: what changes
    by depth, and ``ends``: a factor by row.  ``toe``: how steeply the darkest grey falls to black.

    ``noise``: its standard deviation in grey.  ``blur``: in px of a 512 px high picture.
    """

    tissue: tuple[float, ...]
    grey: tuple[float, ...]
    skin: FloatArray
    ends: FloatArray
    toe: float
    noise: float
    blur: float


def draw_tone_curve(rng: np.random.Generator, background: Background) -> ToneCurve:
    """A curve that gives this background the grey percentiles of real images, with jitter."""
    inside = background.tissue[background.breast]
    knots = np.percentile(inside, _QUANTILES)
    target = _LOW_ENERGY * np.exp(rng.normal(0, 0.2))
    target[:2] *= np.exp(rng.normal(0.28, 0.3))
    target[3:] *= np.exp(rng.normal(0, 0.12))
    target[4:] = target[3] + (target[4:] - target[3]) * np.exp(rng.normal(0, 0.15))
    target = target.clip(1, 252)
    target = np.maximum.accumulate(target + np.arange(7) * 0.01)
    tissue = (float(knots[0]) - 30, *map(float, knots), float(knots[-1]) + 60)
    grey = (2.0, *map(float, target), min(255.0, float(target[-1]) + 45))
    shown = np.interp(background.tissue, tissue, grey).astype(np.float32)
    skin = skin_correction(rng, shown, background, LOW_ENERGY, 0.28)
    noise, blur = rng.uniform(0.8, 5.0) * background.scale, rng.uniform(0.25, 0.5)
    ends = faded_ends(rng, background, 0.95)
    toe = float(rng.uniform(0.3, 4.5))
    return ToneCurve(tissue, grey, skin, ends, toe, float(noise), float(blur))


def expose(
    rng: np.random.Generator, curve: ToneCurve, background: Background, tissue: FloatArray,
    nuisances: Nuisances,
) -> FloatArray:  # fmt: skip
    """The picture of ``tissue``: float32 (H, W) grey 0..255, with blur and noise.

    ``tissue`` is the background's with nuisances, with or without lesions in it.  Air is 0, but for
    what lies in it.
    """
    normal = np.interp(background.tissue, curve.tissue, curve.grey).astype(np.float32)
    grey = np.interp(tissue, curve.tissue, curve.grey).astype(np.float32)
    # What was put in stays as bright as it is: the profile is that of normal tissue.
    grey += corrected(normal, background, curve.skin) - normal
    grey = grey.clip(0) * curve.ends
    grey *= np.clip(1 - curve.toe * np.exp(grey * (-1 / 12)), 0, 1)
    grey += nuisances.metal * (250 - grey)
    grey = np.where(background.breast, grey, 255 * nuisances.air)
    grey = ndi.gaussian_filter(grey, curve.blur * background.scale)
    noise = rng.standard_normal(grey.shape, dtype=np.float32)
    seen = background.breast | (nuisances.air > 0.02)
    return np.where(seen, (grey + curve.noise * noise).clip(0, 255), 0).astype(np.float32)

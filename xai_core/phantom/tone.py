"""From linear tissue to the grey levels of a mammogram.

The curves are fixed by the NORMAL tissue, so a lesion cannot change how the rest of the breast is
shown, and nothing about the class leaks into the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.greys import DEPTHS, QUANTILES, Greys, draw_greys
from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.skin import corrected, faded_ends, profile_correction
from xai_core.types import FloatArray

_ROUNDS = 3  # the profile moves the percentiles, and they the profile: then it is settled
_EVERY = 3  # px: the curves are fitted to this fraction of rows and columns

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Piecewise linear and increasing: where, and what."""


@dataclass(frozen=True, eq=False)
class ToneCurve:
    """``film``: tissue units to grey.  ``skin``: what changes by depth, ``ends``: a factor by row.
    ``finish``: from the grey so far to the picture's.

    ``noise``: its standard deviation in grey.  ``blur``: in px of a 512 px high picture.
    """

    film: Curve
    skin: FloatArray
    ends: FloatArray
    finish: Curve
    noise: float
    blur: float

    def grey(self, tissue: float) -> float:
        """Grey of tissue deep in the breast, in 0..255."""
        return float(np.interp(np.interp(tissue, *self.film), *self.finish))

    def tissue(self, grey: float) -> float:
        """Tissue that is shown at ``grey`` deep in the breast: the inverse of :meth:`grey`."""
        return float(np.interp(np.interp(grey, *self.finish[::-1]), *self.film[::-1]))


def draw_tone_curve(rng: np.random.Generator, background: Background) -> ToneCurve:
    """Curves that give this background the percentiles and the skin profile of a real image."""
    greys = draw_greys(rng, background.scale)
    noise, blur = np.exp(rng.normal(0.9, 0.6)).clip(0.8, 8), rng.uniform(0.25, 0.5)
    ends = faded_ends(rng, background, 0.7)
    few = _thinned(background)
    knots = np.percentile(few.tissue[few.breast], QUANTILES).astype(np.float64)
    film = _extended(knots, greys.percentiles, 30, 60)
    shown = np.interp(few.tissue, *film).astype(np.float32)
    finish: Curve = (np.arange(256.0), np.arange(256.0))
    skin = np.zeros((2, 1), np.float32)
    for _ in range(_ROUNDS):
        # Asked for before the finish is that grey which the finish turns into what is wanted.
        wanted = np.interp(greys.profile, *finish[::-1])
        skin = profile_correction(shown, few, DEPTHS, wanted)
        profiled = corrected(shown, few, skin).clip(0) * ends[::_EVERY]
        finish = _finish(profiled[few.breast], greys)
    return ToneCurve(film, skin, ends, finish, float(noise * background.scale), float(blur))


def _thinned(background: Background) -> Background:
    """Every third row and column; depths and scale stay those of the whole."""
    step = np.s_[::_EVERY, ::_EVERY]
    return Background(
        background.tissue[step], background.breast[step], background.depth[step],
        background.glands[step], background.nipple, background.view, background.density,
        background.scale,
    )  # fmt: skip


def _extended(
    at: NDArray[np.float64], values: NDArray[np.float64], below: float, above: float
) -> Curve:
    """The curve through the percentiles, with an end on each side."""
    at = np.maximum.accumulate(at + np.arange(len(at)) * 1e-3)
    ends = at[0] - below, at[-1] + above
    # A lesion is often brighter than nearly all normal tissue: the curve goes on, and flattens.
    brightest = values[-1] + 0.8 * (255 - values[-1])
    return np.r_[ends[0], at, ends[1]], np.r_[0.3 * values[0], values, brightest]


def _finish(grey: FloatArray, greys: Greys) -> Curve:
    knots = np.percentile(grey, QUANTILES).astype(np.float64)
    knots = np.maximum.accumulate(knots.clip(0.5) + np.arange(7) * 1e-2)
    last = max(255.5, knots[-1] + 1)
    return np.r_[-0.1, knots, last], np.r_[0.0, greys.percentiles, 255.0]


def expose(
    rng: np.random.Generator, curve: ToneCurve, background: Background, tissue: FloatArray,
    nuisances: Nuisances,
) -> FloatArray:  # fmt: skip
    """The picture of ``tissue``: float32 (H, W) grey 0..255, with blur and noise.

    ``tissue`` is the background's with nuisances, with or without lesions in it.  Air is 0, but for
    what lies in it.
    """
    normal = np.interp(background.tissue, *curve.film).astype(np.float32)
    grey = np.interp(tissue, *curve.film).astype(np.float32)
    # What was put in stays as bright as it is: the profile is that of normal tissue.
    grey += corrected(normal, background, curve.skin) - normal
    grey = np.interp(grey.clip(0) * curve.ends, *curve.finish).astype(np.float32)
    grey += nuisances.metal * (250 - grey)
    grey = np.where(background.breast, grey, 255 * nuisances.air)
    grey = ndi.gaussian_filter(grey, curve.blur * background.scale)
    noise = rng.standard_normal(grey.shape, dtype=np.float32)
    seen = background.breast | (nuisances.air > 0.02)
    return np.where(seen, (grey + curve.noise * noise).clip(0, 255), 0).astype(np.float32)

"""From tissue to the grey levels of a low-energy image.

How grey a low-energy mammogram is: percentiles and skin profile, drawn together.

In real pictures the percentiles do not move together (the brightest ones hardly know of the
median), nor do the depths under the skin.  The logarithms of all fourteen figures follow a Gaussian
fitted to 248 low-energy images of CDD-CESM; its seven largest components are below.  The means are
a little lower than measured: lesions add what is missing.

From linear tissue to the grey levels of a mammogram.

The curves are fixed by the NORMAL tissue, so a lesion cannot change how the rest of the breast is
shown, and nothing about the class leaks into the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.skin import corrected, faded_ends, profile_correction
from xai_core.phantom.tissue import Background
from xai_core.types import FloatArray

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

"""The tone curve: maps tissue in linear units to the grey levels of a low-energy image.

First, target percentiles and a target skin profile are drawn together.  In real images the
percentiles vary rather independently (the brightest hardly correlate with the median), and so do
the grey levels at different depths under the skin.  The logarithms of all fourteen figures follow a
Gaussian fitted to the low-energy images of CDD-CESM patients with an odd number
(``python -m xai_core greys``); its seven largest components are below.

Then a tone curve is fitted that gives the NORMAL tissue these targets.  A lesion therefore cannot
change how the rest of the breast is shown, and the background does not depend on the class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.skin import corrected, faded_ends, profile_correction
from xai_core.phantom.tissue import Background
from xai_core.types import BoolArray, FloatArray

# --- Target percentiles and profile -----------------------------------------------------------

QUANTILES = (1, 5, 25, 50, 75, 95, 99)
DEPTHS = (0, 1, 3, 8, 15, 30, 59)  # px of a 512 px high picture

# Columns: the quantiles, then the depths.
MEAN = np.array(
    [1.938, 2.968, 3.768, 4.198, 4.606, 5.036, 5.237,
     3.106, 3.900, 4.092, 4.199, 4.183, 4.199, 4.547]
)  # fmt: skip
COMPONENTS = np.array(
    [
        [.912, .616, .242, .126, .057, .000, -.007,
         -.001, .000, .014, .023, .042, .127, .133],
        [-.009, -.064, -.021, -.009, -.005, .019, .036,
         .259, .384, .421, .282, .191, .190, .080],
        [-.208, .096, .174, .180, .147, .059, .004,
         -.123, -.143, -.042, .073, .177, .263, .114],
        [-.034, -.001, -.009, .000, .022, .036, .038,
         .131, .121, -.087, -.213, -.167, .156, .199],
        [-.112, .153, .118, .081, .056, .026, .013,
         .067, .085, .042, -.033, -.078, -.123, -.108],
        [.045, -.082, .008, .049, .090, .133, .127,
         -.011, -.010, .008, .024, .002, -.107, .077],
        [.048, -.061, .001, .027, .041, .050, .046,
         .046, .025, -.063, -.039, .036, .091, -.170],
    ]
)  # fmt: skip

# Factors by depth, and their increase with the picture's scale: at the edge pixels are partly air
# and darkened by blur, so the tissue is drawn brighter, more so in larger pictures.
_EDGE = np.array([1.02, 1.04, 0.98, 1.0, 0.96, 0.98, 1.0])
# Factors on the components by depth: blur reduces the variation at the skin; lesions and strands
# add to the variation below it.
_SPREAD = np.array([1.4, 1.4, 0.8, 0.85, 0.87, 0.9, 0.95])
_EDGE_PER_SCALE = np.array([1.15, 0.80, 0.0, 0.0, 0.0, 0.0, 0.0])

_LEAST_STEP = 1.1  # smallest ratio of neighbouring percentiles, to keep some contrast


@dataclass(frozen=True, eq=False)
class Greys:
    """``percentiles``: grey at ``QUANTILES`` within the breast, increasing.  ``profile``: mean grey
    at ``DEPTHS`` under the skin.  Both float64 (7,), 0..255."""

    percentiles: NDArray[np.float64]
    profile: NDArray[np.float64]


def draw_greys(rng: np.random.Generator, scale: float) -> Greys:
    """The targets of one picture, distributed and correlated as in real images.

    ``scale``: px per px of a 512 px high picture.
    """
    z = rng.normal(size=len(COMPONENTS)).clip(-2.6, 2.6)
    z[0] = 2 - rng.gamma(4, 0.5)  # mean 0, variance 1, skew -1: a few pictures are very dark
    figures = np.exp(MEAN + z @ COMPONENTS * np.r_[np.ones(7), _SPREAD])
    percentiles = figures[:7].clip(1, 253)
    for k in range(1, 7):
        percentiles[k] = min(254.0, max(percentiles[k], _LEAST_STEP * percentiles[k - 1]))
    edge = _EDGE + _EDGE_PER_SCALE * (scale - 1)
    return Greys(percentiles, (edge * figures[7:]).clip(1, 250))


# --- The tone curve ---------------------------------------------------------------------------

_EDGE_WIDTH = 1.6  # standard deviation of the mean that edges stand out from, px at 512 px
_ROUNDS = 3  # iterations, since the profile affects the percentiles and vice versa
_EVERY = 3  # the curves are fitted to every third row and column

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A piecewise linear, increasing function: knots and values."""


@dataclass(frozen=True, eq=False)
class ToneCurve:
    """The steps from tissue to grey, in order.

    ``film``: tissue units to grey.  ``skin``: correction by depth, see
    :func:`xai_core.phantom.skin.profile_correction`.  ``ends``: a factor by row.  ``finish``: grey
    after these steps to the picture's grey.  ``blur``: standard deviation in px of a 512 px high
    picture.  ``noise``: standard deviation in grey levels.  ``edges``: share of
    the fine structure that the vendor's processing adds once more.
    """

    film: Curve
    skin: FloatArray
    ends: FloatArray
    finish: Curve
    noise: float
    blur: float
    edges: float

    def grey(self, tissue: float) -> float:
        """Grey of tissue deep in the breast, in 0..255."""
        return float(np.interp(np.interp(tissue, *self.film), *self.finish))

    def tissue(self, grey: float) -> float:
        """The tissue value shown as ``grey`` deep in the breast: the inverse of :meth:`grey`."""
        return float(np.interp(np.interp(grey, *self.finish[::-1]), *self.film[::-1]))


def draw_tone_curve(rng: np.random.Generator, background: Background) -> ToneCurve:
    """A tone curve that gives this background percentiles and a skin profile as of a real image."""
    greys = draw_greys(rng, background.scale)
    noise, blur = np.exp(rng.normal(0.65, 0.45)).clip(0.7, 5), rng.uniform(0.25, 0.5)
    ends = faded_ends(rng, background, 0.7)
    few = _thinned(background)
    knots = np.percentile(few.tissue[few.breast], QUANTILES).astype(np.float64)
    film = _extended(knots, greys.percentiles, 30, 60)
    shown = np.interp(few.tissue, *film).astype(np.float32)
    finish: Curve = (np.arange(256.0), np.arange(256.0))
    skin = np.zeros((2, 2), np.float32)
    for _ in range(_ROUNDS):
        # The profile's targets before the step ``finish``, which changes them again.
        wanted = np.interp(greys.profile, *finish[::-1])
        skin = profile_correction(shown, few, DEPTHS, wanted)
        profiled = corrected(shown, few, skin).clip(0) * ends[::_EVERY]
        finish = _finish(profiled[few.breast], greys)
    return ToneCurve(
        film, skin, ends, finish, float(noise * background.scale), float(blur),
        float(rng.uniform(0.0, 0.65)),
    )  # fmt: skip


_USUAL_SPREAD = 50.0  # from the 25 to the 95 % percentile of a phantom's tissue, in its units
_SHARP = 0.4  # standard deviation of the blur of what is added to a real picture, px at 512 px


def picture_with(background: Background, tissue: FloatArray, metal: FloatArray) -> FloatArray:
    """A real picture with what was put into its tissue: float32 (H, W), grey 0..255.

    It was exposed before, so it keeps its own grey levels, sharpness and noise; what lesions change
    is added.  ``tissue``: the background's with lesions, where 100 is the brightest grey.
    """
    normal = background.tissue
    top = float(np.percentile(normal[background.breast], 99))
    # Above nearly all normal tissue the grey levels are compressed, as in :func:`_extended`.
    knots = np.array([0.0, top, top + 60])
    greys = np.array([0.0, 2.55 * top, 2.55 * top + 0.8 * (255 - 2.55 * top)])
    # Lesions are as bright beside a phantom's tissue as its own structures are; so they are here.
    spread = float(np.ptp(np.percentile(normal[background.breast], (25, 95))))
    tissue = normal + (tissue - normal) * min(1.0, spread / _USUAL_SPREAD)
    change = np.interp(tissue, knots, greys) - np.interp(normal, knots, greys)
    change = ndi.gaussian_filter(change.astype(np.float32), _SHARP * background.scale)
    grey = (2.55 * normal + change).clip(0, 255)
    grey += metal * (250 - grey)
    return np.where(background.breast, grey, 0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Thinned:
    """Some pixels of a background; as there."""

    tissue: FloatArray
    breast: BoolArray
    depth: FloatArray
    scale: float


def _thinned(background: Background) -> Thinned:
    """Every third row and column of the background; depths and scale are unchanged."""
    step = np.s_[::_EVERY, ::_EVERY]
    return Thinned(
        background.tissue[step], background.breast[step], background.depth[step], background.scale
    )


def _extended(
    at: NDArray[np.float64], values: NDArray[np.float64], below: float, above: float
) -> Curve:
    """The curve through the percentiles, extended on both sides by ``below`` and ``above``."""
    at = np.maximum.accumulate(at + np.arange(len(at)) * 1e-3)
    ends = at[0] - below, at[-1] + above
    # Lesions are often brighter than nearly all normal tissue: above it the curve is flatter.
    brightest = values[-1] + 0.8 * (255 - values[-1])
    return np.r_[ends[0], at, ends[1]], np.r_[0.3 * values[0], values, brightest]


def _finish(grey: FloatArray, greys: Greys) -> Curve:
    """The curve that gives ``grey`` the percentiles of ``greys``."""
    knots = np.percentile(grey, QUANTILES).astype(np.float64)
    knots = np.maximum.accumulate(knots.clip(0.5) + np.arange(7) * 1e-2)
    last = max(255.5, knots[-1] + 1)
    return np.r_[-0.1, knots, last], np.r_[0.0, greys.percentiles, 255.0]


def expose(
    rng: np.random.Generator, curve: ToneCurve, background: Background, tissue: FloatArray,
    nuisances: Nuisances,
) -> FloatArray:  # fmt: skip
    """The picture of ``tissue``: float32 (H, W), grey 0..255, with blur and noise.

    ``tissue``: the background's, with nuisances and possibly lesions added.  Air is 0 except for
    nuisances in it.
    """
    normal = np.interp(background.tissue, *curve.film).astype(np.float32)
    grey = np.interp(tissue, *curve.film).astype(np.float32)
    # The correction of normal tissue is added, so that lesions and nuisances keep their contrast.
    grey += corrected(normal, background, curve.skin) - normal
    grey = np.interp(grey.clip(0) * curve.ends, *curve.finish).astype(np.float32)
    grey += nuisances.metal * (250 - grey)
    grey = np.where(background.breast, grey, 255 * nuisances.air)
    grey = ndi.gaussian_filter(grey, curve.blur * background.scale)
    fine = grey - ndi.gaussian_filter(grey, _EDGE_WIDTH * background.scale)
    under = np.clip(background.depth / (3 * background.scale), 0, 1)
    grey += curve.edges * under * fine
    noise = rng.standard_normal(grey.shape, dtype=np.float32)
    seen = background.breast | (nuisances.air > 0.02)
    return np.where(seen, (grey + curve.noise * noise).clip(0, 255), 0).astype(np.float32)

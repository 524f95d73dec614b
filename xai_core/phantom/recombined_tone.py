"""The grey levels of a recombined image.

What grey levels one recombined image has: drawn from the joint distribution of real ones.

A recombined image's grey levels: percentiles and skin profile brought to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.tissue import Background
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


_ROUNDS = 6  # of bringing profile and percentiles to what is wanted, in turn
_DEEPEST = 170  # px under the skin, of a 512 px high picture: the profile's correction has faded


def toned(
    body: FloatArray, mottle: FloatArray, background: Background, wanted: Wanted
) -> FloatArray:
    """``body``, any units, and ``mottle``, grey, as a picture that has what is ``wanted``.

    All (H, W) float32.  What is brightest in ``body`` comes out white.
    """
    scale = background.scale
    depth = (background.depth * (1 / scale) + 0.17).astype(np.int16).clip(0, _DEEPEST - 1)
    # The figures are those of a 512 px high picture: from one that is larger, means of four pixels.
    step = 2 if scale > 1.2 else 1
    part = (
        slice(0, body.shape[0] // step * step, step),
        slice(0, body.shape[1] // step * step, step),
    )
    inside = background.breast[part]
    deep = depth[part][inside]
    first = _curve(_means(body, step)[inside], wanted.percentiles)
    grey, fine = np.interp(_means(body, step)[inside], *first), _means(mottle, step)[inside]
    rows = np.broadcast_to(np.arange(inside.shape[0])[:, None] * step, inside.shape)[inside]
    # The profile is that of the middle; above and below, skin follows it half.
    h = body.shape[0]
    follows = 1 - 0.5 * np.clip((np.abs(np.arange(h) / h - 0.5) - 0.12) / 0.2, 0, 1)
    follows = follows.astype(np.float32)[:, None]
    share = follows[np.minimum(rows, h - 1), 0]
    middle = (rows > 0.4 * h) & (rows < 0.6 * h) & (deep < SKIN)
    number = np.bincount(deep[middle], minlength=SKIN)
    factor = np.zeros(_DEEPEST)  # its logarithm
    levels = wanted.percentiles
    second = (np.array([0.0, 255.0]), np.array([0.0, 255.0]))
    for _ in range(_ROUNDS):
        now = np.interp(grey * np.exp(share * factor[deep]), *second) + fine
        mean = np.bincount(deep[middle], now[middle], minlength=SKIN) / np.maximum(number, 1)
        change = np.where(number > 0, wanted.profile / np.maximum(mean, 1), 1).clip(0.4, 2.5)
        # Deeper than the profile goes, its last correction fades out slowly: no edge shows.
        log = np.log(np.append(change, change[-3:].mean()))
        log = np.interp(np.arange(_DEEPEST), [*range(SKIN), SKIN + 2, _DEEPEST - 1], [*log, 0])
        smooth = ndi.gaussian_filter1d(log, 3.0)
        log[10:] = smooth[10:]
        factor = (factor + log).clip(-2.2, 0.8)
        # Mottle is added last, and not steepened where grey levels are: the map makes room for it.
        levels = levels + 0.8 * (wanted.percentiles - np.percentile(now, QUANTILES))
        levels = np.maximum.accumulate(levels.clip(0.5, 250) + np.arange(7) * 0.01)
        second = _curve(grey * np.exp(share * factor[deep]), levels)
    out = np.asarray(np.interp(body, *first), dtype=np.float32)
    out *= np.exp(follows * factor.astype(np.float32)[depth])
    return np.asarray(np.interp(out, *second) + mottle, dtype=np.float32).clip(0, 255)


def _means(picture: FloatArray, step: int) -> FloatArray:
    """Means of ``step`` x ``step`` pixels."""
    h, w = (n // step for n in picture.shape)
    blocks = picture[: h * step, : w * step].reshape(h, step, w, step)
    return np.asarray(blocks.mean((1, 3)), dtype=np.float32)


def _curve(values: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Knots and grey of the increasing map that gives ``values`` these percentiles."""
    knots = np.percentile(values, (0, *QUANTILES, 99.7, 99.95))
    # What is a little above all else must not become white, only what is far above it: a nipple.
    knots[-1] = max(knots[-1], 2.5 * knots[-2] - 1.5 * knots[4])
    knots = np.maximum.accumulate(knots + np.arange(len(knots)) * 1e-5)
    low, high = levels[0], levels[-1]
    bright = min(252.0, float(high + 0.4 * (high - levels[3])))
    return knots, np.array([0.1 * low, *levels, max(bright, high), 255.0])

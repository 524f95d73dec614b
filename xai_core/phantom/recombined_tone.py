"""A recombined image's grey levels: percentiles and skin profile brought to what is wanted."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.recombined_grey import QUANTILES, SKIN, Wanted
from xai_core.types import FloatArray

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

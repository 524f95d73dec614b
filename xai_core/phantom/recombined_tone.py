"""The grey levels of a recombined image: target percentiles and a target skin profile are drawn
from the joint distribution in real images, and the picture is mapped to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.tissue import Background
from xai_core.types import FloatArray

# --- Targets ----------------------------------------------------------------------------------

QUANTILES = (1, 5, 25, 50, 75, 95, 99)
SKIN = 60  # depth, px of a 512 px high picture, down to which a skin profile is given
_DEPTHS = (0, 1, 3, 8, 15, 30, 59)
# Fitted to recombined images of CDD-CESM patients with an odd number, without their marked regions
# (``python -m xai_core greys``): the logarithm of the median grey in the breast; of the steps
# between the logarithms of its percentiles 1, 5, 25, 50, 75, 95, 99; and of the mean grey at each
# of the depths.  Mean and standard deviation.
MEAN = np.array([4.018, -0.223, -0.840, -1.575, -1.439, -1.042, -1.442,
                 3.599, 4.356, 4.290, 4.165, 4.072, 4.051, 4.346])  # fmt: skip
SPREAD = np.array([0.115, 0.376, 0.449, 0.325, 0.286, 0.314, 0.388,
                   0.372, 0.428, 0.400, 0.269, 0.198, 0.233, 0.373])  # fmt: skip
# Their principal components, in standard deviations.
COMPONENTS = np.array([
    [.367, .074, .127, .315, .412, .290, .217, .811, .871, .918, .894, .890, .559, .178],
    [-.110, .679, .922, .821, .676, .659, .347, -.270, -.274, -.219, -.189, -.101, .037, -.190],
    [.360, -.185, -.105, .091, .393, .102, -.544, -.201, -.204, -.191, -.054, .000, .412, .709],
    [.726, .312, .049, -.106, -.352, -.209, .279, -.327, -.251, -.110, .086, .271, .335, -.209],
    [-.068, .214, -.216, -.336, -.109, .454, .508, -.059, -.023, -.019, .037, -.039, -.111, .525],
    [.227, -.456, .038, .219, .098, -.068, .286, -.147, -.097, .096, .103, -.010, -.336, .077],
    [.217, .347, .029, -.030, .033, -.073, -.274, .068, .014, .015, .111, .067, -.523, .110],
])  # fmt: skip
# Factors by depth: at the very edge a pixel is partly air, so the tissue is drawn brighter.
_EDGE = np.array([3.4, 1.6, 1.25, 1.0, 1.0, 1.0, 1.0])
_TYPICAL_RANGE = 58.0  # grey levels from the 25 % to the 95 % percentile


@dataclass(frozen=True)
class TargetGreys:
    """``percentiles``: grey 0..255 at ``QUANTILES``, increasing.  ``profile``: grey at the depths
    0, 1, ... ``SKIN`` - 1.  ``gain``: the picture's contrast relative to a typical one."""

    percentiles: FloatArray
    profile: FloatArray
    gain: float


def draw_target_greys(rng: np.random.Generator) -> TargetGreys:
    """The targets of one picture."""
    z = rng.standard_normal(len(COMPONENTS)).clip(-2.5, 2.5)
    drawn = MEAN + SPREAD * (z @ COMPONENTS)
    up_to_median = np.cumsum(np.exp(drawn[1:7]))
    grey = np.exp(drawn[0] + np.r_[0, up_to_median] - up_to_median[2])
    percentiles = np.maximum.accumulate(grey.clip(1, 245) + np.arange(7) * 0.01)
    skin = np.exp(drawn[7:]) * _EDGE
    profile = np.interp(np.arange(SKIN), _DEPTHS, skin).clip(2, 255)
    gain = float(np.clip((percentiles[5] - percentiles[2]) / _TYPICAL_RANGE, 0.4, 2.5))
    return TargetGreys(percentiles, profile, gain)


# --- Mapping ----------------------------------------------------------------------------------

_ROUNDS = 6  # iterations, each of which corrects the profile and then the percentiles
_DEEPEST = 170  # depth, px of a 512 px high picture, at which the profile's correction has faded


def apply_tone(
    body: FloatArray, mottle: FloatArray, background: Background, targets: TargetGreys
) -> FloatArray:
    """The grey picture of ``body`` (any units) and ``mottle`` (grey levels) that has the
    percentiles and skin profile of ``targets``.

    All (H, W) float32.  The brightest parts of ``body`` become white.
    """
    scale = background.scale
    depth = (background.depth * (1 / scale) + 0.17).astype(np.int16).clip(0, _DEEPEST - 1)
    # The targets are those of a 512 px high picture: a larger one is averaged over 2 x 2 pixels.
    step = 2 if scale > 1.2 else 1
    part = (
        slice(0, body.shape[0] // step * step, step),
        slice(0, body.shape[1] // step * step, step),
    )
    inside = background.breast[part]
    deep = depth[part][inside]
    first = _curve(_means(body, step)[inside], targets.percentiles)
    grey, fine = np.interp(_means(body, step)[inside], *first), _means(mottle, step)[inside]
    rows = np.broadcast_to(np.arange(inside.shape[0])[:, None] * step, inside.shape)[inside]
    # The profile applies to the middle rows; towards the upper and lower end, half of the
    # correction is applied.
    h = body.shape[0]
    follows = 1 - 0.5 * np.clip((np.abs(np.arange(h) / h - 0.5) - 0.12) / 0.2, 0, 1)
    follows = follows.astype(np.float32)[:, None]
    share = follows[np.minimum(rows, h - 1), 0]
    middle = (rows > 0.4 * h) & (rows < 0.6 * h) & (deep < SKIN)
    number = np.bincount(deep[middle], minlength=SKIN)
    factor = np.zeros(_DEEPEST)  # the logarithm of the correction by depth
    levels = targets.percentiles
    second = (np.array([0.0, 255.0]), np.array([0.0, 255.0]))
    for _ in range(_ROUNDS):
        now = np.interp(grey * np.exp(share * factor[deep]), *second) + fine
        mean = np.bincount(deep[middle], now[middle], minlength=SKIN) / np.maximum(number, 1)
        change = np.where(number > 0, targets.profile / np.maximum(mean, 1), 1).clip(0.4, 2.5)
        # Below the profile's last depth its correction fades out slowly, so that no edge appears.
        log = np.log(np.append(change, change[-3:].mean()))
        log = np.interp(np.arange(_DEEPEST), [*range(SKIN), SKIN + 2, _DEEPEST - 1], [*log, 0])
        smooth = ndi.gaussian_filter1d(log, 3.0)
        log[10:] = smooth[10:]
        factor = (factor + log).clip(-2.2, 0.8)
        # Mottle is added last and not affected by the mapping; the levels are adjusted for it.
        levels = levels + 0.8 * (targets.percentiles - np.percentile(now, QUANTILES))
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
    """Knots and grey levels of the increasing, piecewise linear function that gives ``values`` the
    percentiles ``levels``."""
    knots = np.percentile(values, (0, *QUANTILES, 99.7, 99.95))
    # Values slightly above all others must not become white, only those far above, as a nipple.
    knots[-1] = max(knots[-1], 2.5 * knots[-2] - 1.5 * knots[4])
    knots = np.maximum.accumulate(knots + np.arange(len(knots)) * 1e-5)
    low, high = levels[0], levels[-1]
    bright = min(252.0, float(high + 0.4 * (high - levels[3])))
    return knots, np.array([0.1 * low, *levels, max(bright, high), 255.0])

"""Random textures with a power-law spectrum, from which a phantom's tissue is made.

The power spectrum of mammographic tissue falls as 1/f^beta with beta between 1.5 and 3.5 (Burgess,
Jacobson and Judy, Medical Physics 28, 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.fft import irfft2, next_fast_len

from xai_core.types import FloatArray


@dataclass(frozen=True, eq=False)
class Field:
    """A periodic random texture with zero mean and unit variance, which can be sampled at any real
    coordinates."""

    values: FloatArray  # (n, n)

    def at(self, x: NDArray[Any], y: NDArray[Any]) -> FloatArray:
        """Bilinear samples at columns ``x`` and rows ``y`` (any shape, any real value)."""
        n = self.values.shape[0]
        where = np.stack(np.broadcast_arrays(y, x)).astype(np.float32)
        where -= n * np.floor(where / n)
        # A border of one wrapped pixel allows a non-periodic interpolation, which is much faster.
        out = np.empty(where.shape[1:], np.float32)
        ndi.map_coordinates(self._wrapped, where, out, order=1, mode="nearest")
        return out

    @cached_property
    def _wrapped(self) -> FloatArray:
        return np.pad(self.values, ((0, 1), (0, 1)), mode="wrap")


@dataclass(frozen=True, eq=False)
class Grid:
    """Coordinates of every pixel.  ``x``, ``y``: in px.  ``wx``, ``wy``: a smooth displacement in
    px that bends all structures.  ``radius``, ``angle``: polar coordinates around a point in front
    of the nipple.  ``scale``: px per px of a 512 px high picture."""

    x: FloatArray
    y: FloatArray
    wx: FloatArray
    wy: FloatArray
    radius: FloatArray
    angle: FloatArray
    scale: float


def power_law(rng: np.random.Generator, size: int, beta: float, smooth: float = 0.0) -> Field:
    """A field whose power spectrum falls as 1/f^``beta``, then blurred by ``smooth`` pixels.

    Frequencies below 1.5 cycles per field get the power of 1.5: else one gradient would dominate.
    """
    n = next_fast_len(size, real=True)
    noise = rng.standard_normal((2, n, n // 2 + 1), dtype=np.float32)
    spectrum = (noise[0] + 1j * noise[1]) * _falling(n, beta, smooth)
    values = irfft2(spectrum, s=(n, n), overwrite_x=True)
    values -= values.mean()
    return Field(values / values.std())


@lru_cache(maxsize=32)
def _falling(n: int, beta: float, smooth: float) -> FloatArray:
    """Amplitude per frequency: the power law, times a Gaussian blur of ``smooth`` px."""
    fy = np.fft.fftfreq(n)[:, None] * n
    fx = np.fft.rfftfreq(n)[None] * n
    frequency = np.hypot(fy, fx)
    amplitude = np.maximum(frequency, 1.5) ** (-beta / 2)
    amplitude *= np.exp(-2 * (np.pi * smooth * frequency / n) ** 2)
    amplitude[0, 0] = 0
    return np.asarray(amplitude, dtype=np.float32)

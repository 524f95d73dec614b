"""Random textures with a power-law spectrum: the raw material of a phantom's tissue.

The power spectrum of mammographic tissue falls as 1/f^beta with beta between 1.5 and 3.5 (Burgess,
Jacobson and Judy, Medical Physics 28, 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.fft import irfft2, next_fast_len, rfft2

from xai_core.types import FloatArray


@dataclass(frozen=True, eq=False)
class Field:
    """A periodic random texture, zero mean and unit variance, sampled at any real coordinates."""

    values: FloatArray  # (n, n)

    def at(self, x: NDArray[Any], y: NDArray[Any]) -> FloatArray:
        """Bilinear samples at columns ``x`` and rows ``y`` (any shape, any real value)."""
        n = self.values.shape[0]
        # One wrapped border makes the periodic interpolation a plain, much faster one.
        padded = np.pad(self.values, ((0, 1), (0, 1)), mode="wrap")
        return np.asarray(
            ndi.map_coordinates(padded, [y % n, x % n], order=1, mode="nearest"), dtype=np.float32
        )


def power_law(rng: np.random.Generator, size: int, beta: float, smooth: float = 0.0) -> Field:
    """A field whose power spectrum falls as 1/f^``beta``, then blurred by ``smooth`` pixels.

    Frequencies below 1.5 cycles per field are flattened: otherwise one gradient dominates.
    """
    n = next_fast_len(size, real=True)
    fy = np.fft.fftfreq(n)[:, None] * n
    fx = np.fft.rfftfreq(n)[None] * n
    frequency = np.maximum(np.hypot(fy, fx), 1.5)
    noise = rfft2(rng.standard_normal((n, n), dtype=np.float32))
    spectrum = noise * frequency ** (-beta / 2)
    spectrum[0, 0] = 0
    values = irfft2(spectrum, s=(n, n))
    if smooth:
        values = ndi.gaussian_filter(values, smooth, mode="wrap")
    return Field(((values - values.mean()) / values.std()).astype(np.float32))

"""Random fields in three dimensions, and the sums over depth that project them.

A field lives in a cube of noise that repeats in all directions.  A view samples it on a coarse grid
of its own, at the anatomical place of every grid point, and interpolates with cubic B-splines.  The
interpolation is separable, so that a slice of full resolution costs two matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.fft import irfftn, next_fast_len, rfftn

from xai_core.types import FloatArray

# --- Cubes of noise ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cube:
    """A periodic random field, zero mean and unit variance.  ``values``: float32 (n, n, n);
    ``spacing``: mm between neighbouring values."""

    values: FloatArray
    spacing: float

    def at(self, a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
        """Trilinear samples at the coordinates ``a``, ``b``, ``c`` in mm (any shape)."""
        n = self.values.shape[0]
        where = np.stack(np.broadcast_arrays(a, b, c)).astype(np.float32)
        where /= np.float32(self.spacing)
        where -= n * np.floor(where / n)
        out = np.empty(where.shape[1:], np.float32)
        ndi.map_coordinates(self._wrapped, where, out, order=1, mode="nearest", prefilter=False)
        return out

    @cached_property
    def _wrapped(self) -> FloatArray:
        # One wrapped layer allows an interpolation that is not periodic, which is much faster.
        return np.pad(self.values, ((0, 1),) * 3, mode="wrap")


def band_cube(
    rng: np.random.Generator, wavelength: float, period: float = 96.0, width: float = 0.35
) -> Cube:
    """A field of structures about ``wavelength`` mm long, which repeats after ``period`` mm or
    four wavelengths; ``width``: of the band, in logarithms of the frequency."""
    n = next_fast_len(max(16, round(6 * max(period, 4 * wavelength) / wavelength)), real=True)
    spacing = max(period, 4 * wavelength) / n
    f = _frequency(n) / spacing + 1e-9
    return _filtered(rng, n, spacing, np.exp(-(np.log(f * wavelength) ** 2) / (2 * width**2)))


def power_cube(
    rng: np.random.Generator, beta: float, spacing: float, n: int, longest: float
) -> Cube:
    """A field whose power spectrum falls as 1/f^``beta``, level for wavelengths above ``longest``
    mm."""
    f = np.maximum(_frequency(n) / spacing, 1 / longest)
    return _filtered(rng, n, spacing, f ** (-beta / 2))


def _frequency(n: int) -> FloatArray:
    """Cycles per value, (n, n, n // 2 + 1)."""
    f = np.fft.fftfreq(n).astype(np.float32)
    half = np.fft.rfftfreq(n).astype(np.float32)
    square = np.asarray(
        f[:, None, None] ** 2 + f[None, :, None] ** 2 + half[None, None] ** 2, np.float32
    )
    return np.sqrt(square)


def _filtered(rng: np.random.Generator, n: int, spacing: float, amplitude: FloatArray) -> Cube:
    amplitude = amplitude.astype(np.float32)
    amplitude[0, 0, 0] = 0
    noise = rfftn(rng.standard_normal((n, n, n), dtype=np.float32))
    values = irfftn(noise * amplitude, s=(n, n, n))
    return Cube((values / max(float(values.std()), 1e-9)).astype(np.float32), spacing)


# --- Interpolation ----------------------------------------------------------------------------


def spline_matrix(at: NDArray[np.floating]) -> FloatArray:
    """Cubic B-spline weights, float32 (len(at), n): row i interpolates at the coordinate ``at[i]``
    of a grid whose value 0 lies one step before the coordinate 0, so that all four neighbours of
    every place exist.

    The weights of a row are positive and sum to 1.
    """
    at = np.asarray(at, np.float64)
    first = np.floor(at).astype(int)
    t = at - first
    out = np.zeros((len(at), int(first.max()) + 4), np.float32)
    rows = np.arange(len(at))
    out[rows, first] = (1 - t) ** 3 / 6
    out[rows, first + 1] = (3 * t**3 - 6 * t**2 + 4) / 6
    out[rows, first + 2] = (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
    out[rows, first + 3] = t**3 / 6
    return out


@dataclass(frozen=True, eq=False)
class ViewGrid:
    """The points of a compressed breast, in mm.  ``depth``: the middle of each slice along the
    beam; ``rows``, ``columns``: of the pixels, from the nipple."""

    depth: NDArray[Any]
    rows: NDArray[Any]
    columns: NDArray[Any]

    @property
    def slice(self) -> float:
        """Thickness of a slice, mm."""
        return float(self.depth[1] - self.depth[0])


@dataclass(frozen=True, eq=False)
class Coarse:
    """A coarse grid over a view: points every ``step`` mm, and how slices come from it."""

    step: float
    z: FloatArray
    y: FloatArray
    x: FloatArray
    to_slices: FloatArray
    to_rows: FloatArray
    to_columns: FloatArray

    @classmethod
    def over(cls, grid: ViewGrid, step: float) -> Coarse:
        """The grid that covers ``grid`` with a spacing of ``step`` mm."""
        axes, matrices = [], []
        for values in (grid.depth, grid.rows, grid.columns):
            matrix = spline_matrix((values - values[0]) / step)
            axes.append((values[0] + step * (np.arange(matrix.shape[1]) - 1)).astype(np.float32))
            matrices.append(matrix)
        z, y, x = axes
        return cls(step, z[:, None, None], y[None, :, None], x[None, None], *matrices)

    def coarser(self, step: float) -> Coarse:
        """A grid over this one's points, for what varies slowly."""
        return Coarse.over(ViewGrid(self.z.ravel(), self.y.ravel(), self.x.ravel()), step)

    def every_point(self, values: FloatArray) -> FloatArray:
        """Coarse ``values`` at all points that the grid covers, float32 (nz, ny, nx)."""
        stack = self.stack(values)
        return np.stack([stack.slice(k) for k in range(len(stack.coarse))])

    def stack(self, values: FloatArray) -> Stack:
        """Coarse ``values``, (nz, ny, nx), ready to be cut into slices."""
        shape = values.shape
        flat = self.to_slices @ values.reshape(shape[0], -1).astype(np.float32)
        return Stack(flat.reshape(-1, *shape[1:]), self.to_rows, self.to_columns)


@dataclass(frozen=True, eq=False)
class Stack:
    """A field whose slices are interpolated when they are asked for."""

    coarse: FloatArray
    to_rows: FloatArray
    to_columns: FloatArray

    def slice(self, k: int) -> FloatArray:
        """Slice ``k`` at full resolution, float32 (H, W)."""
        return np.asarray((self.to_rows @ self.coarse[k]) @ self.to_columns.T)


# --- Sheets -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sheets:
    """Thin sheets where a field is 0, as three stacks: the field, the square of its slope times
    the sheet's width, and the sheet's density."""

    field: Stack
    width: Stack
    density: Stack

    def slice(self, k: int) -> FloatArray:
        """The mean density in slice ``k``, float32 (H, W)."""
        f = self.field.slice(k)
        np.square(f, out=f)
        f /= self.width.slice(k)
        np.negative(f, out=f)
        np.exp(f, out=f)
        f *= self.density.slice(k)
        return f


_SLICE_WIDTH = 0.6  # width of a slice's Gaussian profile, in slices; its sum over slices is level


def sheets(
    coarse: Coarse, values: FloatArray, thickness: float, strength: FloatArray, slice_mm: float
) -> Sheets:
    """The sheets where ``values`` is 0.

    A sheet has a Gaussian profile, exp(-(d / thickness)^2) across it.  Along the beam it is
    averaged over a slice, so that a sheet seen face-on is an even veil of the same mass instead of
    the contours of its slices.

    Args:
        coarse: the grid of ``values``.
        values: (nz, ny, nx) B-spline coefficients of the field.
        thickness: in mm.
        strength: (nz, ny, nx), the density in the middle of the sheet.
        slice_mm: thickness of a slice, mm.
    """
    gz, gy, gx = np.gradient(values, np.float32(coarse.step))
    across = thickness**2 * (gz * gz + gy * gy + gx * gx)
    along = (_SLICE_WIDTH * slice_mm) ** 2 * gz * gz
    # Where the slope is nearly 0 the distance to the sheet is not defined.
    least = 0.02 * float(across.mean())
    wide = np.asarray(across + along + least, np.float32)
    density = np.asarray(strength * np.sqrt((across + least) / wide), np.float32)
    return Sheets(coarse.stack(values), coarse.stack(wide), coarse.stack(density))

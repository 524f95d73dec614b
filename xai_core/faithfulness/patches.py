"""The patches of the insertion and deletion protocol: edges, relevance, order, masks.

Where the picture's side is not a multiple of the grid, the edges lie at whole pixels, as evenly as
possible: widths and heights of patches differ by at most one pixel.

A patch mask is a bool row (g * g,) in row-major order, True where the image shows the original.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.scoring.logit_cache import BASELINE, mask_key
from xai_core.types import BoolArray, FloatArray

GRID = 24
"""Patches per side: 24 x 24 patches of 16 x 16 pixels at an input of 384."""

Order = NDArray[np.int64]
"""A permutation of the patches' row-major indices, (g * g,), in the order in which they are
changed; or several, (n, g * g), over which P is averaged."""


def edges(size: int, grid: int = GRID) -> NDArray[np.int64]:
    """The patches' edges on either axis, px: (g + 1,), strictly increasing from 0 to ``size``.

    Edge i is i * size / grid rounded to a whole pixel, halves upwards (as JavaScript's Math.round).

    Raises:
        BadRequest: ``size`` is less than ``grid``, so that a patch would hold no pixel.
    """
    if not 1 <= grid <= size:
        raise BadRequest(
            f"An input of {size} pixels does not divide into {grid} patches per side; give one of "
            f"at least {grid} pixels."
        )
    return (2 * np.arange(grid + 1, dtype=np.int64) * size + grid) // (2 * grid)


def relevance(values: FloatArray, grid: int = GRID) -> NDArray[np.float64]:
    """The mean of a map (S, S) in each patch, (g * g,), row-major.

    Raises:
        BadRequest: S is less than ``grid``.
    """
    size = values.shape[-1]
    lines = edges(size, grid)
    exact = values.astype(np.float64)
    if size % grid == 0:
        # Not by the sums below: they add in another order, which would change the last bit of
        # earlier results.
        side = size // grid
        return np.asarray(exact.reshape(grid, side, grid, side).mean((1, 3)).ravel())
    sums = np.add.reduceat(np.add.reduceat(exact, lines[:-1], axis=0), lines[:-1], axis=1)
    widths = np.diff(lines)
    return np.asarray((sums / np.outer(widths, widths)).ravel())


def descending(relevance: NDArray[np.float64], *, ties_reversed: bool = False) -> Order:
    """Patches from the most to the least relevant; ties by lower index (stable sort).

    With ``ties_reversed`` ties by higher index: the difference of a curve's areas between the two
    shows how much the area depends on the order of ties, which the map does not decide.
    """
    if ties_reversed:
        return (len(relevance) - 1) - np.argsort(-relevance[::-1], kind="stable")
    return np.argsort(-relevance, kind="stable")


TIE_ORDERS = 4
"""The number of orders over which the expectation over tie orders is estimated; an even number."""
_TIE_SEED = 576


def tie_orders(relevance: NDArray[np.float64], orders: int = TIE_ORDERS) -> Order:
    """Orders from the most to the least relevant patch with ties in random order, (n, g * g).

    Every second order reverses the ties of the one before (antithetic variates: Hammersley and
    Morton, Mathematical Proceedings of the Cambridge Philosophical Society 52:449, 1956).  The mean
    area over such a pair is the exact expectation where a tie has two patches, and for a score that
    is a sum over patches.  Where no patches tie there is one order, :func:`descending`'s.

    Args:
        relevance: (g * g,).
        orders: n, an even number, at least 2.
    """
    if tie_fraction(relevance) == 0:
        return descending(relevance)[None]
    found = []
    for pair in range(orders // 2):
        keys = np.random.default_rng((_TIE_SEED, pair)).permutation(len(relevance))
        found += [np.lexsort((keys, -relevance)), np.lexsort((-keys, -relevance))]
    return np.stack(found)


def patch_order(values: FloatArray, grid: int = GRID) -> Order:
    """The order of a map (S, S): patches from the most to the least relevant.

    Raises:
        BadRequest: S is less than ``grid``.
    """
    return descending(relevance(values, grid))


def tie_fraction(relevance: NDArray[np.float64]) -> float:
    """The share of patches whose relevance equals another patch's, in [0, 1]."""
    _, inverse, count = np.unique(relevance, return_inverse=True, return_counts=True)
    return float((count[inverse] > 1).mean())


def random_order(seed: int, grid: int = GRID) -> Order:
    """A uniformly random order; the same for the same seed."""
    return np.random.default_rng(seed).permutation(grid * grid)


def centre_first(grid: int = GRID) -> Order:
    """From the patch nearest the picture's centre outwards; ties by lower index."""
    axis = np.arange(grid) - (grid - 1) / 2
    distance = (axis[:, None] ** 2 + axis[None, :] ** 2).ravel()
    return np.argsort(distance, kind="stable")


def first_patches(order: Order, counts: NDArray[np.int64]) -> BoolArray:
    """The masks of the first k patches of ``order``, for each k of ``counts``: (n, g * g)."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[None, :] < counts[:, None])


def image_key(kept: BoolArray, filling: str = "") -> str:
    """The key, in the logit cache, of the image that shows the patches ``kept`` (g * g,) and
    something else elsewhere.

    It is the mask, one bit per patch in hexadecimal, so that all methods that keep the same patches
    share one score.  ``filling``: the name of what removed patches show; "" for the blurred image.
    """
    side = round(len(kept) ** 0.5)
    key = mask_key(f"patches, {filling}" if filling else "patches", kept.reshape(side, side))
    return f"image/{filling}" if filling and key == BASELINE else key


def pixels(kept: BoolArray, size: int) -> BoolArray:
    """The pixels of the patches ``kept`` (n, g * g): (n, size, size).

    Raises:
        BadRequest: ``size`` is less than g.
    """
    grid = round(kept.shape[1] ** 0.5)
    widths = np.diff(edges(size, grid))
    return kept.reshape(-1, grid, grid).repeat(widths, axis=1).repeat(widths, axis=2)


def render(x: Tensor, baseline: Tensor, kept: BoolArray) -> Tensor:
    """The images that show ``kept`` (n, g * g) of ``x`` and ``baseline`` elsewhere.

    Args:
        x, baseline: (C, S, S) in the same space.  Selecting whole pixels commutes with an affine
            normalisation, so the result is the same in input space as in [0, 1].
        kept: bool (n, g * g).

    Returns:
        (n, C, S, S) on the device of ``x``.

    Raises:
        BadRequest: S is less than g.
    """
    mask = torch.from_numpy(pixels(kept, x.shape[-1])).to(x.device)[:, None]
    return torch.where(mask, x, baseline).contiguous()

"""Noisy linear imputation: removed pixels become the weighted mean of their neighbours, plus noise.

Rong, Leemann, Borisov, Kasneci, Kasneci, "A Consistent and Efficient Evaluation Strategy for
Attribution Methods" (ROAD), ICML 2022, arXiv:2202.00449.  Direct neighbours weigh 1/6, diagonal
ones 1/12; neighbours that are removed too are unknowns of one linear system.  Unlike one flat or
blurred picture in the place of what is removed, the shape of the removed area hardly shows.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.faithfulness.patches import pixels
from xai_core.types import BoolArray

NOISE = 0.01  # standard deviation, in units of the network's input
_SEED = 2202
_NEIGHBOURS = {
    (dy, dx): 1 / 6 if 0 in (dy, dx) else 1 / 12
    for dy in (-1, 0, 1)
    for dx in (-1, 0, 1)
    if (dy, dx) != (0, 0)
}
DESCRIPTION = (
    "noisy linear imputation: the mean of the neighbours (direct 1/6, diagonal 1/12), solved for "
    f"all removed pixels at once, and seeded Gaussian noise of {NOISE:g} in the network's input"
)


def linear_imputation(image: NDArray[np.float64], known: BoolArray) -> NDArray[np.float64]:
    """``image`` (C, H, W) with the pixels that are not ``known`` (H, W) imputed, without noise.

    Raises:
        BadRequest: no pixel is known.
    """
    if not known.any():
        raise BadRequest("Every pixel is removed, so there is no neighbour to impute from.")
    rows, columns = np.nonzero(~known)
    n = len(rows)
    filled = image.copy()
    if n == 0:
        return filled
    number = np.full(known.shape, -1)
    number[rows, columns] = np.arange(n)
    weight_sum, right = np.zeros(n), np.zeros((n, len(image)))
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for (dy, dx), weight in _NEIGHBOURS.items():
        y, x = rows + dy, columns + dx
        inside = np.flatnonzero((y >= 0) & (y < known.shape[0]) & (x >= 0) & (x < known.shape[1]))
        weight_sum[inside] += weight
        there = number[y[inside], x[inside]]
        seen, unseen = inside[there < 0], there >= 0
        right[seen] += weight * image[:, y[seen], x[seen]].T
        entries.append((inside[unseen], there[unseen], np.full(unseen.sum(), -weight)))
    entries.append((np.arange(n), np.arange(n), weight_sum))
    row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = sparse.coo_array((value, (row, column)), shape=(n, n)).tocsc()
    # Symmetric and diagonally dominant: no pivoting, and an ordering for symmetric patterns.
    factors = splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    filled[:, rows, columns] = factors.solve(right).T
    return filled


def impute(x: Tensor, kept: BoolArray) -> Tensor:
    """The images that show the patches ``kept`` (n, g * g) of ``x`` (C, S, S), the others imputed
    with noise: (n, C, S, S) on the device of ``x``.

    The noise of a pixel is the same in every image, so that equal masks give equal images.

    Raises:
        BadRequest: no patch is kept; S is less than g.
    """
    image = x.detach().cpu().numpy().astype(np.float64)
    noise = NOISE * np.random.default_rng(_SEED).standard_normal(image.shape)
    shown = pixels(kept, x.shape[-1])
    filled = [np.where(known, image, linear_imputation(image, known) + noise) for known in shown]
    return torch.from_numpy(np.stack(filled).astype(np.float32)).to(x.device)

"""p-values of several comparisons at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p-values, in the order of ``p``.

    Those below 0.05 are of differences that may all be claimed together, with a chance of at most
    5 % that any of them is wrong.  Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6:65, 1979.

    Args:
        p: in [0, 1].  NaN stays NaN and does not count as a comparison.
    """
    given = np.asarray(p, dtype=np.float64)
    out = np.full(given.shape, np.nan)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known])]
    steps = given[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(1, np.maximum.accumulate(steps))
    return tuple(float(value) for value in out)

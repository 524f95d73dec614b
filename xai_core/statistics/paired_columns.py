"""Many paired differences at once: a column for each of many measurements of the same units.

The units (patients, phantoms) are measured in two states.  Permuting the labels of a pair turns
the sign of its difference; a unit's sign is the same in all columns and groups, so that whatever
ties these to each other is kept.  The largest |t| over all columns and groups, under all labels
permuted, gives p-values that hold for all of them together: Westfall and Young, "Resampling-based
multiple testing", 1993, section 2.6 (single-step maxT); Nichols and Holmes, "Nonparametric
permutation tests for functional neuroimaging", Human Brain Mapping 15:1, 2002.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from xai_core.statistics.bootstrap import LEVEL, MIN_PATIENTS, Floats, nominal_tail

_BYTES = 64 * 2**20  # of one array of resampled columns
_LEAST_SPREAD = 1e-12  # of the mean square: differences that are all equal have a finite t


def paired_t(differences: Floats) -> Floats:
    """Student's t of each column of ``differences`` (n, columns), n at least 2; 0 where a column
    is 0 throughout."""
    x = np.asarray(differences, np.float64)
    return _t(x.sum(0), (x * x).sum(0), len(x))


def flipped_maxima(
    groups: Iterable[Floats], units: Sequence[NDArray[np.int64]], seed: int, replicates: int
) -> Floats:
    """The largest |t| over all columns of all groups, each time all labels are permuted.

    Args:
        groups: differences (n, columns) of some units each, one after the other, so that not all
            need be in memory; groups of fewer than 2 are left out.
        units: the unit of each difference (n,), for each group.
        seed: the same seed gives the same permutations.
        replicates: of permutations.

    Returns:
        (replicates,); 0 without a group.
    """
    rng = np.random.default_rng(seed)
    names = np.unique(np.concatenate([*units, np.empty(0, np.int64)]))
    signs = rng.integers(0, 2, (replicates, len(names)), dtype=np.int8) * 2 - 1
    largest = np.zeros(replicates)
    for differences, unit in zip(groups, units, strict=True):
        if len(differences) < 2:
            continue
        x = np.asarray(differences, np.float64)
        x = x[:, (x != 0).any(0)]
        if not x.size:
            continue
        own, squares = signs[:, np.searchsorted(names, unit)], (x * x).sum(0)
        rows = max(1, _BYTES // (8 * x.shape[1]))
        for start in range(0, replicates, rows):
            part = np.s_[start : start + rows]
            t = _t(own[part].astype(np.float64) @ x, squares, len(x))
            largest[part] = np.maximum(largest[part], np.abs(t).max(1))
    return largest


def corrected_p(t: Floats, maxima: Floats) -> Floats:
    """The p-value of each of ``t`` (...), corrected for all of them together: the share of
    ``maxima`` (:func:`flipped_maxima`), and of the labels as they are, that reach |t|."""
    ordered = np.sort(maxima)
    # Rounding must not make a permutation that gives the very same |t| miss it.
    reached = len(ordered) - np.searchsorted(ordered, np.abs(t) * (1 - 1e-9), side="left")
    return np.asarray((1 + reached) / (1 + len(ordered)), np.float64)


def _t(sums: Floats, squares: Floats, count: int) -> Floats:
    """Student's t of columns by their sums (..., columns) and sums of squares (columns,)."""
    mean = sums / count
    spread = np.maximum(squares / count - mean * mean, _LEAST_SPREAD * squares / count)
    error = np.sqrt(spread / (count - 1))
    return np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)


def standardised(
    differences: Floats, seed: int, replicates: int = 1000, level: float = LEVEL
) -> tuple[Floats, Floats, Floats]:
    """The standardised mean of each column: Cohen's d_z, the mean of the paired differences by
    their standard deviation (Cohen, "Statistical power analysis", 1988, section 2.3.5), with its
    expanded percentile interval (:mod:`xai_core.statistics.bootstrap`) by unit.

    Args:
        differences: (n, columns), one row a unit, n at least 2.
        seed: the same seed gives the same interval.
        replicates: of resampled rows.
        level: the interval's coverage, in (0, 1).

    Returns:
        d_z, low and high (columns,): 0 where a column is 0 throughout; NaN ends below
        :data:`~xai_core.statistics.bootstrap.MIN_PATIENTS` rows.
    """
    x = np.asarray(differences, np.float64)
    count, columns = x.shape
    value = paired_t(x) / np.sqrt(count)
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    if count < MIN_PATIENTS:
        return value, low, high
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), replicates).astype(np.float64)
    tail = 100 * nominal_tail((1 - level) / 2, count)
    width = max(1, _BYTES // (8 * replicates))
    for start in range(0, columns, width):
        part = np.s_[start : start + width]
        one = x[:, part]
        found = _t(drawn @ one, drawn @ (one * one), count) / np.sqrt(count)
        low[part], high[part] = np.percentile(found, [tail, 100 - tail], axis=0)
    return value, low, high

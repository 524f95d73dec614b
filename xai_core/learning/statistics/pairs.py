"""Figures of merit that are means over pairs of a diseased and a normal case; their covariances.

The area under the ROC curve, wAFROC's and sensitivity are such means: of a table with a row per
diseased and a column per normal case, which holds what the pair scores in [0, 1].  From the tables
of several readings of the same cases come the figures without each case, exactly and without
computing anything again, and three estimates of the covariances of the figures:

- the jackknife's, see :mod:`~xai_core.learning.statistics.jackknife`;
- DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
  operating characteristic curves: a nonparametric approach", Biometrics 44:837, 1988;
- the unbiased one, Gallas, "One-shot estimate of MRMC variance: AUC", Academic Radiology 13:353,
  2006, of one pair of readings.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai_core.errors import BadRequest
from xai_core.learning.statistics.jackknife import jackknife_covariance
from xai_core.statistics.bootstrap import Floats


class Covariance(StrEnum):
    """How covariances over cases are estimated."""

    JACKKNIFE = "jackknife"
    DELONG = "DeLong"
    UNBIASED = "unbiased"


def both_classes(diseased: ArrayLike, each: int = 1) -> NDArray[np.bool_]:
    """The truth (K,) as booleans.

    Args:
        diseased: (K,), True for diseased cases.
        each: how many cases of each class are needed.

    Raises:
        BadRequest: there are fewer.
    """
    truth = np.asarray(diseased, dtype=bool)
    if truth.ndim != 1:
        raise BadRequest(f"The truth has {truth.ndim} dimensions; give one value for each case.")
    positive = int(truth.sum())
    if min(positive, len(truth) - positive) < each:
        raise BadRequest(
            f"There are {positive} diseased and {len(truth) - positive} normal cases; this figure "
            f"needs {each} or more of each."
        )
    return truth


def rating_pairs(diseased: ArrayLike, rating: ArrayLike) -> Floats:
    """What the pairs score for the area under the ROC curve: 1 where the diseased case is rated
    higher, 1/2 where both are rated the same, 0 otherwise (DeLong et al. 1988, their psi).

    Args:
        diseased: (K,), True for m diseased cases, False for n normal ones.
        rating: (K,), higher means more likely diseased; -inf where the reader marked nothing.

    Returns:
        (m, n); its mean is the trapezoidal area.

    Raises:
        BadRequest: a class has no case, the lengths differ, or a rating is NaN or +inf.
    """
    truth = both_classes(diseased)
    x = checked_ratings(rating, len(truth))
    return compared(x[truth], x[~truth])


def checked_ratings(rating: ArrayLike, cases: int) -> Floats:
    """Ratings (K,) as numbers.

    Raises:
        BadRequest: there are not ``cases`` of them, or one is NaN or +inf.
    """
    x = np.asarray(rating, dtype=np.float64)
    if x.shape != (cases,):
        raise BadRequest(f"There are {x.size} ratings of {cases} cases; give each case one rating.")
    if np.isnan(x).any() or np.isposinf(x).any():
        raise BadRequest("A rating is not a number; leave the case out or rate it.")
    return x


def checked_calls(called: ArrayLike, cases: int) -> NDArray[np.bool_]:
    """Calls (K,) as booleans.

    Raises:
        BadRequest: there are not ``cases`` of them.
    """
    calls = np.asarray(called, dtype=bool)
    if calls.shape != (cases,):
        raise BadRequest(f"There are {calls.size} calls of {cases} cases; give one for each.")
    return calls


def compared(diseased: Floats, normal: Floats) -> Floats:
    """1 where the rating ``diseased`` (m,) is above ``normal`` (n,), 1/2 where equal: (m, n)."""
    a, b = diseased[:, None], normal[None, :]
    return np.asarray((a > b) + 0.5 * (a == b))


def call_pairs(diseased: ArrayLike, called: ArrayLike) -> Floats:
    """What the pairs score for sensitivity: 1 where the diseased case was called diseased.

    The normal case of a pair does not matter.  For specificity, swap the classes: give
    ``~diseased`` and ``~called``.

    Args:
        diseased: (K,), True for m diseased cases, False for n normal ones.
        called: (K,), what the reader called diseased: ``rating >= threshold``.

    Returns:
        (m, n); its mean is the sensitivity.

    Raises:
        BadRequest: a class has no case, or the lengths differ.
    """
    truth = both_classes(diseased)
    calls = checked_calls(called, len(truth))
    return np.repeat(calls[truth].astype(np.float64)[:, None], int((~truth).sum()), axis=1)


def without_each_pair_mean(pairs: ArrayLike) -> Floats:
    """The means without one case: first without each diseased, then without each normal one.

    Exactly what leaving the case out and computing anew gives, as a row or a column less.

    Args:
        pairs: (..., m, n), m and n at least 2.

    Returns:
        (..., m + n).
    """
    x = _tables(pairs)
    m, n = x.shape[-2:]
    mean = x.mean((-2, -1))[..., None]
    rows = (m * mean - x.mean(-1)) / (m - 1)
    columns = (n * mean - x.mean(-2)) / (n - 1)
    return np.concatenate([rows, columns], axis=-1)


def pair_covariance(pairs: ArrayLike, method: Covariance) -> Floats:
    """The covariances of the means of q tables of the same cases.

    Args:
        pairs: (q, m, n), m and n at least 2.
        method: see the head of this file.

    Returns:
        (q, q).

    Raises:
        BadRequest: fewer than two cases of a class.
    """
    if method is Covariance.JACKKNIFE:
        return jackknife_covariance(without_each_pair_mean(pairs))
    return _delong(_tables(pairs)) if method is Covariance.DELONG else _unbiased(_tables(pairs))


def _delong(x: Floats) -> Floats:
    """S10 / m + S01 / n of DeLong et al. 1988: S10 is the covariance over
    diseased cases of the means over normal ones, S01 the other way round."""
    m, n = x.shape[-2:]
    rows, columns = x.mean(-1), x.mean(-2)
    rows, columns = rows - rows.mean(-1, keepdims=True), columns - columns.mean(-1, keepdims=True)
    return np.asarray(rows @ rows.T / (m * (m - 1)) + columns @ columns.T / (n * (n - 1)))


def _unbiased(x: Floats) -> Floats:
    """The product of two means, less the mean product over pairs that share no case, which is the
    product of the expectations on average: Gallas 2006.  A variance may come out below 0."""
    q, m, n = x.shape
    flat, rows, columns = x.reshape(q, m * n), x.sum(-1), x.sum(-2)
    total = x.sum((-2, -1))
    products = np.outer(total, total)
    apart = products - rows @ rows.T - columns @ columns.T + flat @ flat.T
    return np.asarray(products / (m * n) ** 2 - apart / (m * (m - 1) * n * (n - 1)))


def _tables(pairs: ArrayLike) -> Floats:
    x = np.asarray(pairs, dtype=np.float64)
    m, n = x.shape[-2:]
    if min(m, n) < 2:
        raise BadRequest(
            f"There are {m} diseased and {n} normal cases; a variance over cases needs 2 or more "
            "of each."
        )
    return x

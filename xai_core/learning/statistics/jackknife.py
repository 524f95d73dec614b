"""The jackknife over cases: any figure of merit without each case, pseudovalues, covariances.

Quenouille, "Notes on bias in estimation", Biometrika 43:353, 1956; Tukey, "Bias and confidence in
not-quite large samples", Annals of Mathematical Statistics 29:614, 1958.  A case is left out with
all its marks and in all readings, since these are what is correlated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai_core.errors import BadRequest
from xai_core.statistics.bootstrap import Floats

Figure = Callable[[NDArray[np.intp]], float]
"""Maps the indices of the cases that are kept to a figure of merit."""


def without_each(figure: Figure, cases: int) -> Floats:
    """The figure without each case, (K,).

    Args:
        figure: see :data:`Figure`.
        cases: K, at least 2.

    Raises:
        BadRequest: there is one case, or what ``figure`` raises where too few of a class are left.
    """
    if cases < 2:
        raise BadRequest(f"The jackknife leaves cases out; {cases} is too few, give 2 or more.")
    everyone = np.arange(cases)
    return np.array([figure(np.delete(everyone, case)) for case in everyone])


def pseudovalues(value: ArrayLike, without: ArrayLike) -> Floats:
    """What each case contributes: K value - (K - 1) (value without the case).

    Their mean is the figure with the jackknife's correction of its bias; for means over pairs of
    cases that is the figure itself.

    Args:
        value: (...), the figure of all cases.
        without: (..., K), see :func:`without_each`.

    Returns:
        (..., K).
    """
    left = np.asarray(without, dtype=np.float64)
    cases = left.shape[-1]
    return np.asarray(cases * np.asarray(value)[..., None] - (cases - 1) * left)


def jackknife_covariance(without: ArrayLike) -> Floats:
    """The covariances of q figures of the same cases.

    (K - 1) / K times the sum over cases of the products of the deviations from the mean (Efron and
    Tibshirani, "An introduction to the bootstrap", 1993, equation 11.5).

    Args:
        without: (q, K), K at least 2, with the cases in the same order in all rows.

    Returns:
        (q, q).
    """
    left = np.asarray(without, dtype=np.float64)
    cases = left.shape[-1]
    if cases < 2:
        raise BadRequest(f"The jackknife leaves cases out; {cases} is too few, give 2 or more.")
    away = left - left.mean(-1, keepdims=True)
    return np.asarray((cases - 1) / cases * (away @ away.T))

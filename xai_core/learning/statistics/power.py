"""How many readers and cases a study needs: from a pilot's components to the power of another one.

Hillis, Obuchowski and Berbaum, "Power estimation for multireader ROC methods: an updated and
unified approach", Academic Radiology 18:129, 2011.  Of the comparison of two tests by the analysis
of :mod:`~xai_core.learning.statistics.multireader`.  The variance of test by reader is kept, and
the covariances of the errors are in inverse proportion to the number of cases; so the planned study
is of like readers, and of like cases with as large a share of diseased ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import stats

from xai_core.errors import BadRequest
from xai_core.learning.statistics.multireader import Components, Random

GAIN = 0.05
POWER = 0.8
SIGNIFICANCE = 0.05
MOST_CASES = 100_000
MOST_READERS = 1000


def power(
    pilot: Components, readers: int, cases: int, *, gain: float = GAIN,
    random: Random = Random.READERS_AND_CASES, significance: float = SIGNIFICANCE,
) -> float:  # fmt: skip
    """The probability that a study finds a difference of two tests significant.

    Args:
        pilot: see :func:`~xai_core.learning.statistics.multireader.components`; of two or more
            tests and readers.
        readers: of the planned study, at least 2, or 1 where readers are fixed.
        cases: of the planned study, at least 2.
        gain: the true difference of the figures of merit, other than 0.
        random: what the study's result is to hold for.
        significance: of the two-sided test, in (0, 1).

    Returns:
        A value in [``significance``, 1].

    Raises:
        BadRequest: the pilot has one test or one reader, or no variance; or another argument is not
            as above.
    """
    _check(pilot, gain, significance)
    least = 1 if random is Random.CASES else 2
    if readers < least or cases < 2:
        raise BadRequest(
            f"A study of {readers} readers and {cases} cases cannot be analysed with {random}; "
            f"plan {least} or more readers and 2 or more cases."
        )
    scale, between, by_reader = pilot.cases / cases, pilot.between_readers, pilot.test_by_reader
    own = scale * (pilot.var - pilot.cov1 - between)
    df2 = float(readers - 1)
    if random is Random.CASES:
        variance, df2 = own + scale * readers * between, math.inf
    elif random is Random.READERS:
        variance = by_reader + own
    else:
        variance = by_reader + own + scale * readers * between
        alone = by_reader + own
        df2 = df2 * (variance / alone) ** 2 if alone > 0 else math.inf
    if variance <= 0:
        raise BadRequest(
            "The pilot study's readings do not vary, so it does not tell how large a study is "
            "needed; take a larger pilot."
        )
    noncentrality = readers * gain**2 / 2 / variance
    if math.isinf(df2):
        return float(stats.ncx2.sf(stats.chi2.isf(significance, 1), 1, noncentrality))
    return float(stats.ncf.sf(stats.f.isf(significance, 1, df2), 1, df2, noncentrality))


def cases_needed(
    pilot: Components, readers: int, *, gain: float = GAIN, wanted: float = POWER,
    random: Random = Random.READERS_AND_CASES, significance: float = SIGNIFICANCE,
) -> int:  # fmt: skip
    """The smallest number of cases with which so many readers reach the power ``wanted``.

    Args:
        pilot, readers, gain, random, significance: see :func:`power`.
        wanted: above ``significance``, below 1.

    Raises:
        BadRequest: not even with :data:`MOST_CASES` cases, since readers differ; or see
            :func:`power`.
    """

    def reached(cases: int) -> float:
        return power(
            pilot, readers, cases, gain=gain, random=random, significance=significance
        )  # fmt: skip

    return _smallest(reached, 2, MOST_CASES, wanted, significance, f"{readers} readers", "cases")


def readers_needed(
    pilot: Components, cases: int, *, gain: float = GAIN, wanted: float = POWER,
    random: Random = Random.READERS_AND_CASES, significance: float = SIGNIFICANCE,
) -> int:  # fmt: skip
    """The smallest number of readers with which so many cases reach the power ``wanted``.

    Args, Raises: see :func:`cases_needed`, with :data:`MOST_READERS` readers.
    """

    def reached(readers: int) -> float:
        return power(
            pilot, readers, cases, gain=gain, random=random, significance=significance
        )  # fmt: skip

    least = 1 if random is Random.CASES else 2
    return _smallest(
        reached, least, MOST_READERS, wanted, significance, f"{cases} cases", "readers"
    )


def _smallest(
    reached: Callable[[int], float], low: int, high: int, wanted: float, significance: float,
    with_what: str, what: str,
) -> int:  # fmt: skip
    if not significance < wanted < 1:
        raise BadRequest(
            f"The power asked for is {wanted}; it must be above the significance level "
            f"{significance} and below 1."
        )
    if reached(high) < wanted:
        raise BadRequest(
            f"With {with_what} not even {high} {what} reach a power of {wanted}; plan more, or "
            "look for a larger gain."
        )
    while low < high:  # power rises with either number
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= wanted else (middle + 1, high)
    return low


def _check(pilot: Components, gain: float, significance: float) -> None:
    if pilot.tests < 2 or pilot.readers < 2:
        raise BadRequest(
            f"The pilot study has {pilot.tests} tests and {pilot.readers} readers; to tell how "
            "much readers differ it needs two or more of each."
        )
    if not math.isfinite(gain) or gain == 0:
        raise BadRequest(f"The gain to be seen is {gain}; give a number other than 0.")
    if not 0 < significance < 1:
        raise BadRequest(f"The significance level is {significance}; it must be between 0 and 1.")

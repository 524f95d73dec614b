"""Readers and cases at once: the analysis of Obuchowski and Rockette of t tests read by r readers.

A test is what the same readers read the same cases under: a modality, or before and after a course,
or without and with AI.  A figure of merit of each test and reader has a part of the test, one of
the reader and one of both, and errors that are correlated because the cases are the same.

- Obuchowski and Rockette, "Hypothesis testing of diagnostic accuracy for multiple readers and
  multiple tests: an ANOVA approach with dependent observations", Communications in Statistics,
  Simulation and Computation 24:285, 1995: the model.
- Hillis, "A comparison of denominator degrees of freedom methods for multiple observer ROC
  analysis", Statistics in Medicine 26:596, 2007: the degrees of freedom.
- Hillis, "A marginal-mean ANOVA approach for analyzing multireader multicase radiological imaging
  data", Statistics in Medicine 33:330, 2014: intervals, of means too.

With the jackknife's covariances this is the analysis of Dorfman, Berbaum and Metz (DBM) of
pseudovalues, as revised: each mean square of its three-way analysis of variance is the one here
times the number of cases, and F is the same (Hillis, Obuchowski, Schartz and Berbaum, "A comparison
of the Dorfman-Berbaum-Metz and Obuchowski-Rockette methods for receiver operating characteristic
(ROC) data", Statistics in Medicine 24:1579, 2005).  What differs: DBM of 1992 has Satterthwaite's
degrees of freedom and, where the variance of test by reader is estimated below 0, another
denominator, both of which are conservative; and its means are those of raw pseudovalues, corrected
for bias, which for means over pairs of cases are the figures themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from xai_core.errors import BadRequest
from xai_core.learning.statistics.jackknife import jackknife_covariance
from xai_core.learning.statistics.pairs import Covariance, pair_covariance
from xai_core.statistics.bootstrap import LEVEL, Floats

_NO_VARIANCE = 1e-15  # of figures in [0, 1]: below it a variance is rounding


class Random(StrEnum):
    """What a result holds for: other readers and cases of the same kind, these readers with other
    cases, or other readers with these cases."""

    READERS_AND_CASES = "random readers and random cases"
    CASES = "fixed readers and random cases"
    READERS = "random readers and fixed cases"


@dataclass(frozen=True)
class ReaderStudy:
    """Figures of merit of t tests and r readers on the same cases.

    ``values``: (t, r).  ``covariance``: (t * r, t * r), in the order of ``values.ravel()``.
    ``cases``: their number.
    """

    values: Floats
    covariance: Floats
    cases: int

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not self.values.size:
            raise BadRequest(
                f"The figures of merit have the shape {self.values.shape}; give a row for each "
                "test and a column for each reader."
            )
        if self.covariance.shape != (self.values.size,) * 2:
            raise BadRequest(
                f"The covariances have the shape {self.covariance.shape}; {self.values.size} "
                "readings need a row and a column each."
            )
        if not (np.isfinite(self.values).all() and np.isfinite(self.covariance).all()):
            raise BadRequest(
                "A figure of merit is not a number; every reader must read every case in "
                "every test."
            )

    @classmethod
    def of_pairs(cls, pairs: ArrayLike, method: Covariance = Covariance.JACKKNIFE) -> ReaderStudy:
        """Of figures of merit that are means over pairs of cases: the area under the ROC curve,
        sensitivity, wAFROC.

        Args:
            pairs: (t, r, m, n), the table of each test and reader, see
                :mod:`~xai_core.learning.statistics.pairs`; the cases in the same order throughout.
            method: of the covariances.

        Raises:
            BadRequest: fewer than two cases of a class, or not the same number in all readings.
        """
        try:
            x = np.asarray(pairs, dtype=np.float64)
        except ValueError as error:  # not of one shape
            raise BadRequest(
                "Some readings have more cases than others; every reader must read every case in "
                "every test."
            ) from error
        if x.ndim != 4:
            raise BadRequest(
                f"The tables have {x.ndim} dimensions; give tests, readers, diseased and normal "
                "cases."
            )
        flat = x.reshape(-1, *x.shape[2:])
        return cls(x.mean((-2, -1)), pair_covariance(flat, method), x.shape[2] + x.shape[3])

    @classmethod
    def of_jackknife(cls, values: ArrayLike, without: ArrayLike) -> ReaderStudy:
        """Of any figure of merit.

        Args:
            values: (t, r), of all cases.
            without: (t, r, K), without each case, see
                :func:`~xai_core.learning.statistics.jackknife.without_each`.
        """
        all_of_them = np.asarray(values, dtype=np.float64)
        left = np.asarray(without, dtype=np.float64)
        if left.shape[:-1] != all_of_them.shape:
            raise BadRequest(
                f"There are figures of the shape {all_of_them.shape} of all cases and "
                f"{left.shape[:-1]} without one; both need a row for each test and a column for "
                "each reader."
            )
        cases = left.shape[-1]
        return cls(all_of_them, jackknife_covariance(left.reshape(-1, cases)), cases)


@dataclass(frozen=True)
class Components:
    """Mean squares of the figures of merit and covariances of their errors.

    ``ms_t``, ``ms_r``, ``ms_tr``: of tests, of readers, of both together; NaN where there is one
    test or one reader.  ``var``: of the error of a reading.  ``cov1``: covariance of the errors of
    one reader in two tests; ``cov2``: of two readers in one test; ``cov3``: of two readers in two
    tests; 0 where there is no such pair.  ``tests``, ``readers``, ``cases``: their numbers.
    """

    ms_t: float
    ms_r: float
    ms_tr: float
    var: float
    cov1: float
    cov2: float
    cov3: float
    tests: int
    readers: int
    cases: int

    @property
    def between_readers(self) -> float:
        """Cov2 - Cov3, not below 0: as theory has it, and without which F could be too large."""
        return max(self.cov2 - self.cov3, 0.0)

    @property
    def test_by_reader(self) -> float:
        """The variance of test by reader, not below 0: MS(TR) - Var + Cov1 + (Cov2 - Cov3)
        (Hillis, Obuchowski and Berbaum, Academic Radiology 18:129, 2011)."""
        return max(self.ms_tr - self.var + self.cov1 + self.between_readers, 0.0)


@dataclass(frozen=True)
class Difference:
    """The mean over readers of test ``first`` minus that of test ``second`` (indices), with its
    interval and p-value of no difference, not adjusted for other comparisons."""

    first: int
    second: int
    value: float
    error: float
    df: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class ReaderMean:
    """The mean over readers of one test, with an interval from the readings of this test alone."""

    value: float
    error: float
    df: float
    low: float
    high: float


@dataclass(frozen=True)
class Analysis:
    """The test of no difference between tests, F with ``df1`` and ``df2`` degrees of freedom
    (``df2`` infinite: chi-squared over ``df1``), the differences of all pairs, and the means."""

    random: Random
    components: Components
    f: float
    df1: int
    df2: float
    p: float
    differences: tuple[Difference, ...]
    means: tuple[ReaderMean, ...]


def components(study: ReaderStudy) -> Components:
    """Mean squares and covariances of a study of any number of tests and readers."""
    x = study.values
    t, r = x.shape
    by_test, by_reader, grand = x.mean(1), x.mean(0), x.mean()
    both = x - by_test[:, None] - by_reader + grand
    ms_t = r * float(((by_test - grand) ** 2).sum()) / (t - 1) if t > 1 else math.nan
    ms_r = t * float(((by_reader - grand) ** 2).sum()) / (r - 1) if r > 1 else math.nan
    ms_tr = float((both**2).sum()) / ((t - 1) * (r - 1)) if t > 1 and r > 1 else math.nan
    test, reader = (index.ravel() for index in np.indices((t, r)))
    same_test, same_reader = test[:, None] == test, reader[:, None] == reader

    def mean(where: Floats) -> float:
        return float(study.covariance[where].mean()) if where.any() else 0.0

    return Components(
        ms_t, ms_r, ms_tr, mean(same_test & same_reader), mean(~same_test & same_reader),
        mean(same_test & ~same_reader), mean(~same_test & ~same_reader), t, r, study.cases,
    )  # fmt: skip


def obuchowski_rockette(
    study: ReaderStudy, random: Random = Random.READERS_AND_CASES, level: float = LEVEL
) -> Analysis:
    """The analysis of a study in which every reader read every case in every test.

    Random readers and cases: F = MS(T) / (MS(TR) + max(r (Cov2 - Cov3), 0)), and the square of its
    denominator over MS(TR)^2 / ((t - 1) (r - 1)) is Hillis' number of degrees of freedom (2007).
    Fixed readers: MS(T) over Var - Cov1 + (r - 1) max(Cov2 - Cov3, 0), chi-squared.  Fixed cases:
    MS(T) / MS(TR), the plain analysis of variance.

    Args:
        study: of two or more tests.
        random: what the result is to hold for.
        level: the intervals' coverage, in (0, 1).

    Raises:
        BadRequest: there is one test, or one reader where readers are random; or nothing varies.
    """
    t, r = study.values.shape
    if t < 2:
        raise BadRequest("There is one test; a comparison needs two or more.")
    if r < 2 and random is not Random.CASES:
        raise BadRequest(
            "There is one reader; a result for other readers needs two or more. Take readers as "
            "fixed."
        )
    known = components(study)
    variance, df2 = _denominator(known, random)
    if variance <= _NO_VARIANCE:
        raise BadRequest(
            "The readings do not vary: between the tests all readers, or all cases, change alike, "
            "so there is no error to test against; add readers or cases."
        )
    f, df1 = known.ms_t / variance, t - 1
    p = stats.chi2.sf(df1 * f, df1) if math.isinf(df2) else stats.f.sf(f, df1, df2)
    means = study.values.mean(1)
    error = math.sqrt(2 * variance / r)
    half = _quantile(level, df2) * error
    differences = []
    for i, j in combinations(range(t), 2):
        d = float(means[i] - means[j])
        tail = 2 * float(_sf(abs(d) / error, df2))
        differences.append(Difference(i, j, d, error, df2, d - half, d + half, tail))
    return Analysis(
        random, known, f, df1, df2, float(p), tuple(differences),
        tuple(_mean(study, i, random, level) for i in range(t)),
    )  # fmt: skip


def _denominator(known: Components, random: Random) -> tuple[float, float]:
    """The variance below MS(T), and its degrees of freedom."""
    t, r = known.tests, known.readers
    if random is Random.CASES:
        return known.var - known.cov1 + (r - 1) * known.between_readers, math.inf
    df = (t - 1) * (r - 1)
    if random is Random.READERS:
        return known.ms_tr, df
    variance = known.ms_tr + r * known.between_readers
    # Without a variance of readers there is none to estimate: only that of cases is left.
    return variance, df * (variance / known.ms_tr) ** 2 if known.ms_tr > _NO_VARIANCE else math.inf


def _mean(study: ReaderStudy, test: int, random: Random, level: float) -> ReaderMean:
    """Of this test's readings alone: Hillis 2014."""
    r = study.values.shape[1]
    own = slice(test * r, (test + 1) * r)
    alone = components(
        ReaderStudy(study.values[[test]], study.covariance[own, own], study.cases)
    )  # fmt: skip
    between = max(alone.cov2, 0.0)
    if random is Random.CASES:
        variance, df = alone.var + (r - 1) * between, math.inf
    elif random is Random.READERS:
        variance, df = alone.ms_r, float(r - 1)
    else:
        variance = alone.ms_r + r * between
        df = (r - 1) * (variance / alone.ms_r) ** 2 if alone.ms_r > _NO_VARIANCE else math.inf
    value, error = float(study.values[test].mean()), math.sqrt(max(variance, 0.0) / r)
    half = _quantile(level, df) * error
    return ReaderMean(value, error, df, value - half, value + half)


def _quantile(level: float, df: float) -> float:
    tail = (1 - level) / 2
    return float(stats.norm.isf(tail) if math.isinf(df) else stats.t.isf(tail, df))


def _sf(x: float, df: float) -> float:
    return float(stats.norm.sf(x) if math.isinf(df) else stats.t.sf(x, df))

"""Simulated courses with known truth: how often do the intervals cover it?

    python -m tests.learning.statistics.simulated_courses 1000

prints the share for each kind of interval.  In a course some learners read cases before and after,
with ratings and with marks; one of them is advised by an AI; and a group answers items.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from xai_core.errors import BadRequest
from xai_core.learning.statistics.accuracy import accuracy
from xai_core.learning.statistics.froc import UNMARKED, CaseMarks, wafroc_pairs
from xai_core.learning.statistics.item_response import rasch
from xai_core.learning.statistics.multireader import (
    Random,
    ReaderStudy,
    components,
    obuchowski_rockette,
)
from xai_core.learning.statistics.pairs import call_pairs, rating_pairs
from xai_core.learning.statistics.power import power
from xai_core.learning.statistics.reliance import reliance
from xai_core.learning.statistics.roc import area, paired_areas

LEARNERS, CASES = 8, 80
TRUTH = np.arange(CASES) % 2 == 0
Covered = Iterator[tuple[str, bool]]

# --- Ratings: the model of Roe and Metz, "Dorfman-Berbaum-Metz method for statistical analysis of
# multireader, multimodality receiver operating characteristic data: validation with computer
# simulation", Academic Radiology 4:298, 1997.  Variances of cases sum to 1.

OF_CASE, OF_TEST_CASE, OF_READER_CASE, OF_ERROR = 0.3, 0.2, 0.2, 0.3
OF_READER, OF_TEST_READER = 0.02, 0.01
BEFORE, AFTER = 0.78, 0.83
GAIN = AFTER - BEFORE
WIDTH = np.sqrt(2 * (1 + OF_READER + OF_TEST_READER))
SHIFTS = WIDTH * stats.norm.ppf([BEFORE, AFTER])
"""How much higher diseased cases are rated, so that the areas are as above over all readers."""


def ratings(rng: np.random.Generator, shifts: np.ndarray = SHIFTS) -> tuple[np.ndarray, np.ndarray]:
    """Ratings (2, r, K), and each reader's own areas over all cases (2, r)."""

    def noise(variance: float, *shape: int) -> np.ndarray:
        return np.sqrt(variance) * rng.normal(size=shape)

    # By class: normal, diseased
    skill = noise(OF_READER, 1, LEARNERS, 2) + noise(OF_TEST_READER, 2, LEARNERS, 2)
    cases = (
        noise(OF_CASE, 1, 1, CASES) + noise(OF_TEST_CASE, 2, 1, CASES)
        + noise(OF_READER_CASE, 1, LEARNERS, CASES) + noise(OF_ERROR, 2, LEARNERS, CASES)
    )  # fmt: skip
    mean = np.where(TRUTH, skill[..., 1:] + shifts[:, None, None], skill[..., :1])
    own = stats.norm.cdf((skill[..., 1] - skill[..., 0] + shifts[:, None]) / np.sqrt(2))
    return mean + cases, own


def rated(rng: np.random.Generator) -> Covered:
    rating, own = ratings(rng)
    study = ReaderStudy.of_pairs([[rating_pairs(TRUTH, one) for one in test] for test in rating])
    found = obuchowski_rockette(study)
    yield "gain, random readers and cases", covers(found.differences[0], -GAIN)
    yield "mean area after, random readers and cases", covers(found.means[1], AFTER)
    fixed = obuchowski_rockette(study, Random.CASES).differences[0]
    yield "gain of these readers, random cases", covers(fixed, float((own[0] - own[1]).mean()))
    yield "gain is significant", found.p < 0.05
    one = area(TRUTH, rating[1, 0])
    yield "one reader's area, plain", one.interval()[0] <= own[1, 0] <= one.interval()[1]
    low, high = one.logit_interval()
    yield "one reader's area, logit", low <= own[1, 0] <= high
    pair = paired_areas(TRUTH, rating[0, 0], rating[1, 0])
    yield "one reader's gain, DeLong", covers(pair, own[0, 0] - own[1, 0])
    # Sensitivity at a threshold, and its gain over readers and cases
    calls = rating > 0.7
    study = ReaderStudy.of_pairs([[call_pairs(TRUTH, one) for one in test] for test in calls])
    true = stats.norm.cdf((SHIFTS - 0.7) / np.sqrt(1 + OF_READER + OF_TEST_READER))
    gain = obuchowski_rockette(study).differences[0]
    yield "gain of sensitivity, random readers and cases", covers(gain, true[0] - true[1])


def covers(found: object, truth: float) -> bool:
    return found.low <= truth <= found.high  # type: ignore[attr-defined]


# --- Marks: a lesion is found or not, and false positives are as many as Poisson has it.

FOUND, FALSE_POSITIVES, SKILL = (0.7, 0.8), (0.8, 0.6), 0.3
LESION = (1.4, 1.8)


def true_wafroc(test: int) -> float:
    """P(a lesion is rated above the highest false positive) over readers; both unmarked count half.
    Of one lesion in a case, or several that are found independently."""
    rate, spread = FALSE_POSITIVES[test], np.hypot(1, SKILL)

    def above(z: float) -> float:
        return stats.norm.pdf(z, LESION[test], spread) * np.exp(-rate * stats.norm.sf(z))

    return FOUND[test] * quad(above, -8, 12)[0] + (1 - FOUND[test]) * np.exp(-rate) / 2


def marked(rng: np.random.Generator) -> Covered:
    skill = SKILL * rng.normal(size=LEARNERS)
    lesions = np.where(TRUTH, rng.integers(1, 4, CASES), 0)
    # How visible a lesion is for all readers
    visible = rng.normal(size=(CASES, 3)) * np.sqrt(0.4)

    def marks(test: int, reader: int) -> list[CaseMarks]:
        found = rng.random((CASES, 3)) < FOUND[test]
        rating = LESION[test] + skill[reader] + visible + np.sqrt(0.6) * rng.normal(size=(CASES, 3))
        rating = np.where(found, rating, UNMARKED)
        number = rng.poisson(FALSE_POSITIVES[test], CASES)
        return [
            CaseMarks(tuple(rating[i, : lesions[i]].tolist()), tuple(rng.normal(size=number[i])))
            for i in range(CASES)
        ]

    pairs = [[wafroc_pairs(marks(test, r)) for r in range(LEARNERS)] for test in (0, 1)]
    found = obuchowski_rockette(ReaderStudy.of_pairs(pairs))
    truth = true_wafroc(0) - true_wafroc(1)
    yield "gain of wAFROC, random readers and cases", covers(found.differences[0], truth)


# --- Calls, advice, items


def called(rng: np.random.Generator) -> Covered:
    found = accuracy(TRUTH, np.where(TRUTH, rng.random(CASES) < 0.8, rng.random(CASES) < 0.3))
    low, high = found.sensitivity.interval()
    yield "one reader's sensitivity", low <= 0.8 <= high
    low, high = found.specificity.interval()
    yield "one reader's specificity", low <= 0.7 <= high


def advised(rng: np.random.Generator) -> Covered:
    before, ai = rng.random(200) < 0.7, rng.random(200) < 0.75
    follows = rng.random(200) < np.where(ai, 0.6, 0.35)
    found = reliance(before, np.where(follows, ai, before), ai)
    for name, rate, truth in (("over", found.over, 0.35), ("under", found.under, 0.4)):
        if rate is not None:
            low, high = rate.interval()
            yield f"{name}-reliance", low <= truth <= high


DIFFICULTY = np.linspace(-1.5, 1.5, 10)
SLOPE = 1.2


def answered(rng: np.random.Generator) -> Covered:
    ability = rng.normal(size=(150, 1))
    answers = (rng.random((150, 10)) < expit(SLOPE * (ability - DIFFICULTY))).astype(float)
    answers[rng.random(answers.shape) < 0.2] = np.nan
    low, high = rasch(answers).difficulty_interval()
    for inside in (low <= DIFFICULTY) & (high >= DIFFICULTY):
        yield "difficulty of an item", bool(inside)


def shares(courses: int, seed: int = 0) -> dict[str, float]:
    """The share of intervals that cover the truth, by kind."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for course in range(courses):
        rng = np.random.default_rng([seed, course])
        for part in (rated, marked, called, advised, answered):
            try:
                for name, inside in part(rng):
                    counts[name].append(inside)
            except BadRequest as error:
                counts[f"refused: {error}"].append(False)
    return {name: float(np.mean(inside)) for name, inside in counts.items()}


def predicted_power(courses: int, seed: int = 1) -> float:
    """The power that pilots of the same kind foretell, on average."""
    found = []
    for course in range(courses):
        rating, _ = ratings(np.random.default_rng([seed, course]))
        pairs = [[rating_pairs(TRUTH, one) for one in test] for test in rating]
        known = components(ReaderStudy.of_pairs(pairs))
        found.append(power(known, LEARNERS, CASES, gain=GAIN))
    return float(np.mean(found))


if __name__ == "__main__":
    number = int(sys.argv[1])
    for name, share in shares(number).items():
        print(f"{100 * share:6.1f} %  {name}")
    print(f"{100 * predicted_power(number):6.1f} %  of which was foretold by pilots")

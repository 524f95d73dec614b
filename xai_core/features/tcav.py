"""TCAV: is the model more sensitive to a concept than to chance?  Beside the true counterfactual.

Kim et al., "Interpretability beyond feature attribution: quantitative testing with concept
activation vectors (TCAV)", ICML 2018.  A concept activation vector (CAV) is the normal of a linear
classifier that tells examples of the concept from random counterparts; the TCAV score is the share
of inputs whose logit difference grows along it.  Random counterparts are drawn again in each run,
and the scores are compared with those of CAVs between two random sets by a two-sided t test.

Here an activation is the vector of its channels' means.  A cue's examples are the states after of
its pairs, the random pictures are any others, and the inputs are the states before: what is asked
is whether the model's answer would grow with the cue, which the pairs themselves answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from xai_core.features.cue_pairs import AFTER, CuePairs
from xai_core.statistics.multiple_tests import holm
from xai_core.types import FloatArray

Floats = NDArray[np.float64]
RUNS = 30
ALPHA = 0.05
_RIDGE = 1.0
UP, DOWN, NEITHER = "up", "down", "neither"


@dataclass(frozen=True, eq=False)
class Tcav:
    """A cue at one block.

    ``scores``, ``random``: of the concept's and of the random runs (runs,), in [0, 1].  ``p``:
    two-sided, of no difference, corrected over all cues (Holm); NaN where a cue has too few pairs.
    """

    cue: str
    scores: Floats
    random: Floats
    p: float

    @property
    def reading(self) -> str:
        """Whether the model says more for its positive class along the concept than along random
        CAVs, or less; :data:`NEITHER` where p is not below 0.05."""
        if not self.p < ALPHA:
            return NEITHER
        return UP if self.scores.mean() > self.random.mean() else DOWN


def concept_vector(concept: Floats, random: Floats) -> Floats:
    """The CAV (C,), of length 1, towards ``concept`` (n, C) from ``random`` (m, C): the normal of
    a ridge classifier with penalty 1, of examples whose mean square deviation is 1; 0 where they do
    not differ."""
    x = np.concatenate([concept, random])
    spread = float(np.sqrt(((x - x.mean(0)) ** 2).sum(1).mean()))
    if not spread:
        return np.zeros(x.shape[1])
    label = np.r_[np.ones(len(concept)), -np.ones(len(random))]
    x, y = (x - x.mean(0)) / spread, label - label.mean()
    # By the Gram matrix: there are fewer examples than channels.
    normal = x.T @ np.linalg.solve(x @ x.T + _RIDGE * np.eye(len(x)), y)
    length = float(np.linalg.norm(normal))
    return np.asarray(normal / length if length else normal, np.float64)


def tcav_score(vector: Floats, gradients: Floats) -> float:
    """The share of ``gradients`` (n, C), n at least 1, along which the score grows in the
    direction ``vector`` (C,)."""
    return float((gradients @ vector > 0).mean())


def tcav(
    concept: Floats, others: Floats, gradients: Floats, seed: int, runs: int = RUNS
) -> tuple[Floats, Floats, float]:
    """The scores of ``runs`` CAVs against random counterparts, of as many between two random sets,
    and the two-sided p-value of no difference.

    Args:
        concept: examples (n, C), n at least 2.
        others: where random examples are drawn from (m, C), m at least 2 n.
        gradients: of the inputs (k, C).
        seed: of the draws.
        runs: at least 2.
    """
    rng, count = np.random.default_rng(seed), len(concept)
    scores, random = [], []
    for _ in range(runs):
        drawn = others[rng.choice(len(others), count, replace=False)]
        scores.append(tcav_score(concept_vector(concept, drawn), gradients))
        both = others[rng.choice(len(others), 2 * count, replace=False)]
        random.append(tcav_score(concept_vector(both[:count], both[count:]), gradients))
    a, b = np.array(scores), np.array(random)
    return a, b, two_sided_p(a, b)


def two_sided_p(a: Floats, b: Floats) -> float:
    """Welch's t test of two samples; where neither varies, 1 if they are equal and else 0."""
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        return 1.0 if a[0] == b[0] else 0.0
    # From moments: scipy warns of samples that do not vary, as one of the two may not.
    moments = (a.mean(), a.std(ddof=1), len(a), b.mean(), b.std(ddof=1), len(b))
    return float(stats.ttest_ind_from_stats(*moments, equal_var=False).pvalue)


def tcav_of_cues(
    pairs: Sequence[CuePairs], part: slice, seed: int = 0, runs: int = RUNS
) -> list[Tcav]:
    """TCAV of every cue at the block whose channels are ``part`` of all.

    Random pictures of a cue are those of all phantoms that are no state after of it.
    """
    means: dict[str, FloatArray] = {}
    for one in pairs:
        for k, digests in enumerate(one.pictures):
            means |= {digest: one.mean[k, state] for state, digest in enumerate(digests)}
    found, tested = [], []
    for number, one in enumerate(pairs):
        own = {after for _, after in one.pictures}
        concept = one.mean[:, AFTER, part].astype(np.float64)
        others = np.array([m[part] for digest, m in means.items() if digest not in own], np.float64)
        if len(concept) < 2 or len(others) < 2 * len(concept):
            none = np.full(runs, np.nan)
            found.append((one.cue.id, none, none.copy()))
            tested.append(math.nan)
            continue
        gradients = one.gradient[:, part].astype(np.float64)
        scores, random, p = tcav(concept, others, gradients, seed + number, runs)
        found.append((one.cue.id, scores, random))
        tested.append(p)
    corrected = holm(tested)
    return [Tcav(*one, p) for one, p in zip(found, corrected, strict=True)]

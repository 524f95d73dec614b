"""Random choice of a phantom's lesions: descriptors, size and label, before drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import (
    CONSPICUITY,
    CONSPICUITY_TERM,
    Table,
)
from xai_core.types import Pathology

_MEDIAN_MM, _SPREAD = 34.0, 0.45  # median diameter, and standard deviation of its logarithm
_SMALLEST, _LARGEST = 8.0, 80.0
_OCCULT_GAIN = 0.12
_PER_LOG_SIZE = 1.3  # log-odds per unit of log(diameter / median)
_STEEPNESS, _OFFSET = 1.7, 0.1
_OCCULT = 0.05  # share of lesions that are hardly visible at low energy
# By class (malignant or not): probability of each further lesion, and their maximum number.
_MORE = {False: (0.42, 2), True: (0.58, 3)}


def plan_lesions(
    rng: np.random.Generator, pathology: Pathology, gain: float = 1.0
) -> tuple[LesionPlan, ...]:
    """The lesions of a breast: none if normal, else one, and sometimes further ones with the same
    descriptors.

    Descriptors are drawn independently of the class, then the class from the logistic model, and
    this is repeated until the class is the one wanted: within each class the descriptors are
    distributed as in that model.  ``gain`` multiplies the contrast: 1 in the library,
    more early in training.
    """
    if pathology is Pathology.NORMAL:
        return ()
    wanted = pathology is Pathology.MALIGNANT
    while True:
        kind, terms, diameter, probability = draw_descriptors(rng)
        if (rng.random() < probability) == wanted:
            break
    terms |= _enhancement(rng, LESION_KINDS[kind], wanted)
    occult = bool(rng.random() < _OCCULT)
    strength = gain * (_OCCULT_GAIN if occult else 1.0)
    first = LesionPlan(kind, pathology, diameter, strength, terms, probability, occult)
    lesions = [first]
    chance, most = _MORE[wanted]
    while len(lesions) <= most and rng.random() < chance:
        smaller = max(_SMALLEST, diameter * rng.uniform(0.25, 0.75))
        lesions.append(replace(first, diameter=float(smaller)))
    return tuple(lesions)


def draw_descriptors(rng: np.random.Generator) -> tuple[str, dict[str, str], float, float]:
    """Kind, low-energy descriptors, diameter in mm, and the probability of malignancy."""
    name, odds = _pick(rng, {kind.name: (kind.share, kind.log_odds) for kind in KINDS})
    kind = LESION_KINDS[name]
    terms: dict[str, str] = {}
    for term in kind.terms:
        terms[term], weight = _pick(rng, _conditional_table(kind, term, terms))
        odds += weight
    size = float(rng.normal(0, _SPREAD))
    diameter = float(np.clip(_MEDIAN_MM * np.exp(size), _SMALLEST, _LARGEST))
    return name, terms, diameter, _probability(odds, size)


def probability_of(kind: str, descriptors: Mapping[str, str], diameter: float) -> float:
    """The probability of malignancy that the label model gives a lesion, in (0, 1).

    ``descriptors``: a value for every low-energy term of the kind; others do not count.
    ``diameter``: mm.
    """
    table = LESION_KINDS[kind]
    odds = table.log_odds + sum(
        values[descriptors[term]][1] for term, values in table.terms.items()
    )
    return _probability(odds, float(np.log(diameter / _MEDIAN_MM)))


def number_log_odds(number: int) -> float:
    """What the number of lesions, 1 or more, says of the class beside the label model.

    The logarithm of how often malignant breasts have so many, over how often benign breasts with
    lesions do; infinite where one of the two never has.
    """
    benign, malignant = (_share_with(number, *_MORE[which]) for which in (False, True))
    if not benign or not malignant:
        return float(np.inf if malignant else -np.inf)
    return float(np.log(malignant / benign))


def _share_with(number: int, chance: float, most: int) -> float:
    further = number - 1
    if not 0 <= further <= most:
        return 0.0
    return float(chance**further * (1 - chance if further < most else 1.0))


def _probability(odds: float, size: float) -> float:
    """``odds``: sum of the weights; ``size``: logarithm of the diameter over the median."""
    odds = _OFFSET + _STEEPNESS * (odds + _PER_LOG_SIZE * size)
    return float(1 / (1 + np.exp(-odds)))


def assessment(rng: np.random.Generator, plans: tuple[LesionPlan, ...]) -> int:
    """The BI-RADS assessment category of the visible lesions: the probability of malignancy, with
    noise as a difference between readers, is cut at fixed log-odds."""
    visible = [p for p in plans if not p.occult]
    if not visible:
        return 1 if rng.random() < 0.7 else 2
    p = max(plan.probability for plan in visible)
    odds = np.log(p / (1 - p)) + rng.normal(0, 0.4)
    return int(2 + np.searchsorted([-3.9, -2.2, 2.6], odds))


def _enhancement(rng: np.random.Generator, kind: LesionKind, malignant: bool) -> dict[str, str]:
    pattern = _pick_class(rng, kind.patterns, malignant)
    terms = {kind.pattern_term: pattern}
    if pattern != "none":
        drawn = _pick_class(rng, CONSPICUITY, malignant)
        # What is washed out is faint by its meaning.
        terms[CONSPICUITY_TERM] = "low" if pattern == "washed out" else drawn
    return terms


def _pick(rng: np.random.Generator, table: Table) -> tuple[str, float]:
    share = np.array([entry[0] for entry in table.values()])
    k = int(rng.choice(len(share), p=share / share.sum()))
    value = list(table)[k]
    return value, table[value][1]


def _conditional_table(kind: LesionKind, term: str, terms: Mapping[str, str]) -> Table:
    """A term's values with the frequencies that hold beside the terms already drawn."""
    table = kind.terms[term]
    if term not in kind.given:
        return table
    other, tables = kind.given[term]
    return {value: (share, table[value][1]) for value, share in tables[terms[other]].items()}


def _pick_class(
    rng: np.random.Generator, table: Mapping[str, tuple[float, float]], malignant: bool
) -> str:
    share = np.array([entry[int(malignant)] for entry in table.values()])
    return str(list(table)[int(rng.choice(len(share), p=share / share.sum()))])

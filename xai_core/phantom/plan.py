"""Random choice of a phantom's lesions: descriptors, size, contrast and label, before drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import (
    CONSPICUITY,
    CONSPICUITY_TERM,
    MASS,
    MASS_ENHANCEMENT,
    NON_MASS_ENHANCEMENT,
    NON_MASS_TERM,
    PATTERN_TERM,
    Table,
)
from xai_core.types import Pathology

MM_PER_PIXEL_AT_512 = 0.46  # a release image is about 235 mm high
_MEDIAN_MM, _SPREAD = 40.0, 0.46
_GREY, _GREY_SPREAD = 130.0, 0.35  # median contrast, and standard deviation of its logarithm
_PER_LOG_SIZE = 1.3  # log-odds per unit of log(diameter / median)
_STEEPNESS, _OFFSET = 1.7, 0.1
_OCCULT = 0.05  # share of lesions that are hardly visible at low energy
# By class (malignant or not): probability of each further lesion, and their maximum number.
_MORE = {False: (0.42, 2), True: (0.58, 3)}


def plan_lesions(
    rng: np.random.Generator, pathology: Pathology, contrast_gain: float = 1.0
) -> tuple[LesionPlan, ...]:
    """The lesions of a breast: none if normal, else one, and sometimes further ones with the same
    descriptors.

    Descriptors are drawn independently of the class, then the class from the logistic model, and
    this is repeated until the class is the one wanted: within each class the descriptors are
    distributed as in that model.  ``contrast_gain`` multiplies the contrast: 1 in the library,
    more early in training.
    """
    if pathology is Pathology.NORMAL:
        return ()
    wanted = pathology is Pathology.MALIGNANT
    while True:
        kind, terms, diameter, probability = draw_descriptors(rng)
        if (rng.random() < probability) == wanted:
            break
    terms |= _enhancement(rng, kind, wanted)
    occult = bool(rng.random() < _OCCULT)
    first = LesionPlan(
        kind, pathology, diameter, _contrast(rng, terms, diameter, occult, contrast_gain), terms,
        probability, occult,
    )  # fmt: skip
    lesions = [first]
    chance, most = _MORE[wanted]
    while len(lesions) <= most and rng.random() < chance:
        smaller = max(8.0, diameter * rng.uniform(0.25, 0.75))
        contrast = _contrast(rng, terms, smaller, occult, contrast_gain)
        lesions.append(replace(first, diameter=float(smaller), contrast=contrast))
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
    diameter = float(np.clip(_MEDIAN_MM * np.exp(size), 12, 75))
    odds = _OFFSET + _STEEPNESS * (odds + _PER_LOG_SIZE * size)
    return name, terms, diameter, float(1 / (1 + np.exp(-odds)))


def assessment(rng: np.random.Generator, plans: tuple[LesionPlan, ...]) -> int:
    """The BI-RADS assessment category of the visible lesions: the probability of malignancy, with
    noise as a difference between readers, is cut at fixed log-odds."""
    visible = [p for p in plans if not p.occult]
    if not visible:
        return 1 if rng.random() < 0.7 else 2
    p = max(plan.probability for plan in visible)
    odds = np.log(p / (1 - p)) + rng.normal(0, 0.4)
    return int(2 + np.searchsorted([-3.9, -2.2, 2.6], odds))


def _enhancement(rng: np.random.Generator, kind: str, malignant: bool) -> dict[str, str]:
    patterns = MASS_ENHANCEMENT if kind == MASS else NON_MASS_ENHANCEMENT
    pattern = _pick_class(rng, patterns, malignant)
    terms = {PATTERN_TERM.get(kind, NON_MASS_TERM): pattern}
    if pattern != "none":
        terms[CONSPICUITY_TERM] = _pick_class(rng, CONSPICUITY, malignant)
    return terms


def _contrast(
    rng: np.random.Generator, terms: Mapping[str, str], diameter: float, occult: bool, gain: float
) -> float:
    # Independent of the background, as in real images; larger lesions get less contrast, since
    # they are not thicker in proportion.
    contrast = float(np.clip(_GREY * np.exp(rng.normal(0, _GREY_SPREAD)), 58, 260))
    contrast *= min(1.3, (_MEDIAN_MM / diameter) ** 0.5)
    density = terms.get("mass density", "equal density")
    contrast *= {"low density": 0.7, "high density": 1.3}.get(density, 1.0)
    if occult:
        contrast *= 0.12
    return float(contrast * gain)


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

"""Texts about a phantom: its findings as in a report, and a teaching note of two sentences."""

from __future__ import annotations

from xai_core.phantom.lexicon import (
    ASYMMETRY,
    CALCIFICATIONS,
    CONSPICUITY_TERM,
    KIND,
    MASS,
    NON_MASS_TERM,
    PATTERN_TERM,
    TERMS,
)
from xai_core.phantom.plan import LesionPlan
from xai_core.types import Pathology

_WORDS = {
    "mass shape": "its {} shape",
    "mass margin": "its {} margin",
    "mass density": "that it is {}",
    "calcification morphology": "the {} particles",
    "calcification distribution": "their {} distribution",
    "asymmetry type": "that the asymmetry is of the kind called {}",
}


def finding(lesion: LesionPlan) -> str:
    """A lesion as in a report: ``oval mass, circumscribed margin, high density``."""
    terms = lesion.descriptors
    if lesion.kind == MASS:
        return f"{terms['mass shape']} mass, {terms['mass margin']} margin, {terms['mass density']}"
    if lesion.kind == CALCIFICATIONS:
        return (
            f"{terms['calcification morphology']} calcifications, "
            f"{terms['calcification distribution']} distribution"
        )
    if lesion.kind == ASYMMETRY:
        kind = terms["asymmetry type"]
        return "asymmetry" if kind == "asymmetry" else f"{kind} asymmetry"
    return lesion.kind


def teaching_note(pathology: Pathology, plans: tuple[LesionPlan, ...]) -> str:
    """Two sentences: the deciding descriptor, and a descriptor against it or the enhancement.

    The deciding descriptor is the one with the largest weight for the phantom's class in the label
    model.
    """
    if not plans:
        return (
            "Nothing was put into this phantom: every density is normal tissue. "
            "Overlap of normal tissue can look like a lesion; look for it to hold its shape."
        )
    plan = plans[0]
    return f"{_deciding(plan, pathology)} {_second(plan, pathology)}"


def _deciding(plan: LesionPlan, pathology: Pathology) -> str:
    towards = 1 if pathology is Pathology.MALIGNANT else -1
    if plan.occult:
        return f"This {pathology} {plan.kind} is hardly visible at low energy."
    weight, words = max(_cues(plan), key=lambda cue: towards * cue[0])
    if towards * weight <= 0.3:
        return f"No cue of this {plan.kind} speaks clearly for its truth, which is {pathology}."
    return f"The cue that decides for {pathology} is {words}."


def _cues(plan: LesionPlan) -> list[tuple[float, str]]:
    """The weight for malignancy and the wording of each descriptor."""
    cues = [(KIND[plan.kind][1], f"the {plan.kind} itself")]
    for term, table in TERMS[plan.kind].items():
        value = plan.descriptors[term]
        cues.append((table[value][1], _WORDS[term].format(value)))
    return cues


def _second(plan: LesionPlan, pathology: Pathology) -> str:
    away = -1 if pathology is Pathology.MALIGNANT else 1
    weight, words = max(_cues(plan), key=lambda cue: away * cue[0])
    if away * weight >= 0.9:
        other = "malignant" if away > 0 else "benign"
        return f"Beware of {words}, which is commoner in {other} lesions."
    pattern = plan.descriptors[PATTERN_TERM.get(plan.kind, NON_MASS_TERM)]
    if pattern == "none":
        return "It does not enhance in the recombined image" + (
            "; some cancers do not." if pathology is Pathology.MALIGNANT else "."
        )
    strength = plan.descriptors[CONSPICUITY_TERM]
    return f"In the recombined image it enhances ({pattern}, {strength} conspicuity)."

"""Texts about a phantom: its findings as in a report, and a teaching note of two sentences."""

from __future__ import annotations

from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import CONSPICUITY_TERM
from xai_core.types import Pathology


def finding(lesion: LesionPlan) -> str:
    """A lesion as in a report: ``oval mass, circumscribed margin, high density``."""
    words = LESION_KINDS[lesion.kind].finding
    return lesion.kind if words is None else words(lesion.descriptors)


def teaching_note(
    pathology: Pathology, plans: tuple[LesionPlan, ...], hidden: tuple[LesionPlan, ...] = ()
) -> str:
    """Two sentences: the deciding descriptor, and a descriptor against it or the enhancement.

    ``hidden``: lesions that only the other view shows.

    The deciding descriptor is the one with the largest weight for the phantom's class in the label
    model.
    """
    if not plans and hidden:
        return (
            f"The {hidden[0].kind} that the other view shows is not seen here. "
            "What only one view shows is mostly normal tissue that lies one over the other."
        )
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
    """The weight for malignancy and the wording of each cue."""
    kind = LESION_KINDS[plan.kind]
    cues = [(kind.log_odds, f"the {plan.kind} itself")]
    for term, table in kind.terms.items():
        value = plan.descriptors[term]
        cues.append((table[value][1], kind.cues[term].format(value)))
    return cues


def _second(plan: LesionPlan, pathology: Pathology) -> str:
    away = -1 if pathology is Pathology.MALIGNANT else 1
    weight, words = max(_cues(plan), key=lambda cue: away * cue[0])
    if away * weight >= 0.9:
        other = "malignant" if away > 0 else "benign"
        return f"Beware of {words}, which is commoner in {other} lesions."
    pattern = plan.descriptors[LESION_KINDS[plan.kind].pattern_term]
    if pattern == "none":
        return "It does not enhance in the recombined image" + (
            "; some cancers do not." if pathology is Pathology.MALIGNANT else "."
        )
    strength = plan.descriptors[CONSPICUITY_TERM]
    return f"In the recombined image it enhances ({pattern}, {strength} conspicuity)."

"""Counterfactual phantoms: the same breast with one cue of its lesions changed.

Tissue, nuisances, exposure, noise and the lesions' places stay, since each has a random stream of
its own; only pixels in the boxes about the lesions can differ.  The truth is the generator's own:
the probability of malignancy by the label model (:mod:`xai_core.phantom.plan`), the assessment
category and the teaching note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xai_core.errors import BadRequest
from xai_core.phantom.anatomy import stream
from xai_core.phantom.generate import Phantom, insert_lesions
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import CONSPICUITY, CONSPICUITY_TERM
from xai_core.phantom.plan import plan_lesions, probability_of
from xai_core.phantom.teaching import teaching_note
from xai_core.phantom.tissue import Background
from xai_core.types import Pathology

MOST_LESIONS = 4
DIAMETERS = 4.0, 80.0  # mm
CONTRASTS = 0.0, 3.0


@dataclass(frozen=True)
class Change:
    """What is changed; the default changes nothing.

    ``descriptors``: lexicon term -> value, of all lesions.  ``diameter``: of the first lesion in
    mm; the others keep their size relative to it.  ``contrast``: factor on what lesions add to the
    attenuation.  ``number``: of lesions, 0 removes all.
    """

    descriptors: Mapping[str, str] = field(default_factory=dict)
    diameter: float | None = None
    contrast: float = 1.0
    number: int | None = None


@dataclass(frozen=True)
class Truth:
    """What the generator knows of a phantom.  ``probability``: of malignancy by the low-energy
    descriptors and the size, 0 without a lesion.  ``birads``: the assessment category."""

    probability: float
    birads: int
    note: str


def values_of(plan: LesionPlan) -> dict[str, tuple[str, ...]]:
    """The terms that can be changed of a lesion, each with the values allowed."""
    kind = LESION_KINDS[plan.kind]
    terms = {term: tuple(table) for term, table in kind.terms.items()}
    return terms | {kind.pattern_term: tuple(kind.patterns), CONSPICUITY_TERM: tuple(CONSPICUITY)}


def opposite_cues(plan: LesionPlan) -> tuple[tuple[str, str], ...]:
    """The descriptors seen at low energy that speak most for the other class, term and value, the
    largest change of the log-odds first; those that speak for it already are left out.

    A term that goes with another one takes a value that occurs with that one's new value.
    """
    kind = LESION_KINDS[plan.kind]
    towards = -1 if plan.pathology is Pathology.MALIGNANT else 1
    chosen: dict[str, str] = {}
    for term, table in kind.terms.items():
        allowed = list(table)
        if term in kind.given:
            other, tables = kind.given[term]
            allowed = [value for value, share in tables[chosen[other]].items() if share > 0]
        chosen[term] = max(allowed, key=lambda value: towards * table[value][1])
    gains = {
        term: towards * (kind.terms[term][value][1] - kind.terms[term][plan.descriptors[term]][1])
        for term, value in chosen.items()
    }
    changed = [term for term, value in chosen.items() if value != plan.descriptors[term]]
    return tuple(
        (term, chosen[term])
        for term in sorted(changed, key=lambda term: -gains[term])
        if gains[term] > 0
    )


def changed_plans(plans: tuple[LesionPlan, ...], change: Change) -> tuple[LesionPlan, ...]:
    """The lesions after ``change``; ``plans`` themselves where it changes nothing.

    Raises:
        BadRequest: a term or a value that these lesions cannot have, a number out of range, or
            a lesion wanted in a breast that has none to change.
    """
    low, high = DIAMETERS
    number = len(plans) if change.number is None else change.number
    if not 0 <= number <= MOST_LESIONS:
        raise BadRequest(f"The number of lesions is {number}; give 0 to {MOST_LESIONS}.")
    if change.diameter is not None and not low <= change.diameter <= high:
        raise BadRequest(f"The diameter is {change.diameter:g} mm; give {low:g} to {high:g} mm.")
    if not CONTRASTS[0] <= change.contrast <= CONTRASTS[1]:
        raise BadRequest(
            f"The contrast is {change.contrast:g}; give {CONTRASTS[0]:g} to {CONTRASTS[1]:g}."
        )
    if not plans:
        if number or change.descriptors or change.diameter is not None:
            raise BadRequest("This breast has no lesion, so no cue of it can be changed.")
        return ()
    first = plans[0]
    allowed = values_of(first)
    for term, value in change.descriptors.items():
        if term not in allowed:
            raise BadRequest(
                f"A lesion of the kind {first.kind} has no {term!r:.60}; it has "
                f"{', '.join(allowed)}."
            )
        if value not in allowed[term]:
            raise BadRequest(
                f"The {term} is {value!r:.60}; allowed are {', '.join(allowed[term])}."
            )
    size = 1.0 if change.diameter is None else change.diameter / first.diameter
    more = (replace(first, diameter=first.diameter / 2),) * max(0, number - len(plans))
    return tuple(_changed(plan, change, size) for plan in (*plans, *more)[:number])


def _changed(plan: LesionPlan, change: Change, size: float) -> LesionPlan:
    descriptors = {**plan.descriptors, **change.descriptors}
    pattern = LESION_KINDS[plan.kind].pattern_term
    if descriptors[pattern] == "none":
        descriptors.pop(CONSPICUITY_TERM, None)
    else:  # what begins to enhance does so moderately
        descriptors.setdefault(CONSPICUITY_TERM, "moderate")
    diameter = plan.diameter * size
    # No change leaves even the last bit of the probability.
    same = descriptors == dict(plan.descriptors) and diameter == plan.diameter
    return replace(
        plan, descriptors=descriptors, diameter=diameter, gain=plan.gain * change.contrast,
        probability=plan.probability if same else probability_of(plan.kind, descriptors, diameter),
    )  # fmt: skip


def counterfactual(
    seed: int, background: Background, pathology: Pathology, change: Change,
    laterality: str = "L", recombined: bool = False, first_view: bool = True,
) -> Phantom:  # fmt: skip
    """The phantom of ``seed`` with its lesions changed.

    The arguments but ``change`` are those of :func:`xai_core.phantom.generate.insert_lesions` that
    gave the phantom; its pathology stays the one that its lesions were planned for.

    Raises:
        BadRequest: see :func:`changed_plans`.
    """
    plans = plan_lesions(stream(seed, "plan"), pathology)
    return insert_lesions(
        seed, background, pathology, laterality, recombined=recombined, first_view=first_view,
        plans=changed_plans(plans, change), placed_as=plans,
    )  # fmt: skip


def truth_of(phantom: Phantom) -> Truth:
    """What the generator knows of a phantom, a counterfactual one or not."""
    plans = (*phantom.plans, *phantom.hidden)
    return Truth(
        max((plan.probability for plan in plans), default=0.0),
        phantom.birads,
        teaching_note(phantom.pathology, phantom.plans, phantom.hidden),
    )

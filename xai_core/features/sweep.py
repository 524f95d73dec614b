"""A sweep: one cue of a lesion through its range, all else held; or its cues taken away one after
the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xai_core.errors import BadRequest
from xai_core.features.lesion import (
    CONTRASTS,
    DIAMETERS,
    MOST_LESIONS,
    Change,
    LesionCases,
    write_change,
)

DIAMETER, CONTRAST, NUMBER = "diameter", "contrast", "number of lesions"
ONE_BY_ONE = "cue after cue"
"""From the lesion as it is to the opposite of what its cues say, the weightiest cue first."""
_STEPS = 8  # of a cue that is a number
_SMALLEST, _LARGEST = 6.0, 60.0  # mm
_STRONGEST = 2.1


@dataclass(frozen=True)
class Step:
    """One step of a sweep.  ``label``: the cue's value in words.  ``as_it_is``: whether it is the
    value of the phantom itself."""

    label: str
    change: Change
    as_it_is: bool


def sweepable(cases: LesionCases, case_id: str) -> tuple[str, ...]:
    """The cues of a library case that have a range: its lexicon terms, then numbers.

    Raises:
        CaseError: see :meth:`LesionCases.load`.
    """
    terms = tuple(cue.term for cue in cases.cues(case_id) if cue.value and len(cue.values) > 1)
    return (ONE_BY_ONE, *terms, DIAMETER, CONTRAST, NUMBER)


def sweep(cases: LesionCases, case_id: str, cue: str, base: Change) -> tuple[Step, ...]:
    """The steps of a cue, in the lexicon's order or from small to large.

    Args:
        cases: gives the case's lesions.
        case_id: of a library case with a lesion.
        cue: of :func:`sweepable`.
        base: what else is changed, and stays so.

    Raises:
        BadRequest: the case has no such cue.
        CaseError: see :meth:`LesionCases.load`.
    """
    allowed = sweepable(cases, case_id)
    if cue not in allowed:
        raise BadRequest(f"The cue is {cue!r:.60}; allowed are {', '.join(allowed)}.")
    plans = cases.plans(case_id)
    if cue == ONE_BY_ONE:
        return _one_by_one(cases, case_id, base)
    if cue == DIAMETER:
        low, high = max(DIAMETERS[0], _SMALLEST), min(DIAMETERS[1], _LARGEST)
        values = [round(float(v), 1) for v in np.geomspace(low, high, _STEPS)]
        return tuple(Step(f"{v:g} mm", replace(base, diameter=v), False) for v in values)
    if cue == CONTRAST:
        values = [round(float(v), 1) for v in np.linspace(CONTRASTS[0], _STRONGEST, _STEPS)]
        return tuple(Step(f"x {v:g}", replace(base, contrast=v), v == 1) for v in values)
    if cue == NUMBER:
        return tuple(
            Step(str(n), replace(base, number=n), n == len(plans)) for n in range(MOST_LESIONS + 1)
        )
    found = next(c for c in cases.cues(case_id) if c.term == cue)
    others = {term: value for term, value in base.descriptors.items() if term != cue}
    return tuple(
        Step(
            value,
            replace(base, descriptors=others if value == found.value else others | {cue: value}),
            value == found.value,
        )
        for value in found.values
    )


def _one_by_one(cases: LesionCases, case_id: str, base: Change) -> tuple[Step, ...]:
    steps = [Step("lesion", base, not write_change(base))]
    change = base
    for term, value in cases.opposite(case_id):
        change = replace(change, descriptors={**change.descriptors, term: value})
        steps.append(Step(f"{term}: {value}", change, False))
    return (*steps, Step("no lesion", replace(change, number=0), False))


def largest_step(labels: Sequence[str], values: Sequence[float]) -> tuple[str, float] | None:
    """The step at which a value changed most, and by how much; None for fewer than two steps."""
    changes = [after - before for before, after in itertools.pairwise(values)]
    if not changes:
        return None
    k = max(range(len(changes)), key=lambda i: abs(changes[i]))
    return labels[k + 1], changes[k]

"""A sweep moves one cue through its range and holds all else."""

from __future__ import annotations

import pytest

from xai_core.cases.sources.library import PhantomLibrary
from xai_core.errors import BadRequest
from xai_core.features.lesion import Change, LesionCases, changed_id
from xai_core.features.sweep import (
    CONTRAST,
    DIAMETER,
    NUMBER,
    ONE_BY_ONE,
    largest_step,
    sweep,
    sweepable,
)
from xai_core.phantom.lexicon import MASS_MARGIN


@pytest.fixture(scope="module")
def cases(library: PhantomLibrary) -> LesionCases:
    return LesionCases(library)


def test_a_term_goes_through_the_lexicon_s_values(cases: LesionCases) -> None:
    steps = sweep(cases, "PH-0001", "mass margin", Change())
    assert [step.label for step in steps] == list(MASS_MARGIN)
    own = [step for step in steps if step.as_it_is]
    assert [step.label for step in own] == ["spiculated"]
    assert changed_id("PH-0001", own[0].change) == "PH-0001"


@pytest.mark.parametrize("cue", [DIAMETER, CONTRAST, NUMBER])
def test_a_number_goes_from_small_to_large(cases: LesionCases, cue: str) -> None:
    steps = sweep(cases, "PH-0001", cue, Change())
    values = [
        {DIAMETER: s.change.diameter, CONTRAST: s.change.contrast, NUMBER: s.change.number}[cue]
        for s in steps
    ]
    assert len(set(values)) == len(values) >= 5
    assert values == sorted(values, key=lambda v: v or 0)
    for step in steps:
        cases.check("PH-0001", step.change)


def test_what_else_is_changed_stays(cases: LesionCases) -> None:
    base = Change({"mass shape": "round", "mass margin": "indistinct"}, contrast=0.5)
    for step in sweep(cases, "PH-0001", "mass margin", base):
        assert step.change.descriptors["mass shape"] == "round"
        assert step.change.contrast == 0.5
    for step in sweep(cases, "PH-0001", DIAMETER, base):
        assert step.change.descriptors == base.descriptors


def test_a_cue_that_the_lesion_has_not_is_refused(cases: LesionCases) -> None:
    assert "mass margin" in sweepable(cases, "PH-0001")
    with pytest.raises(
        BadRequest, match=r"^The cue is 'oil cyst wall'; allowed are .*, mass margin"
    ):
        sweep(cases, "PH-0001", "oil cyst wall", Change())


def test_cues_are_taken_away_one_after_the_other(cases: LesionCases) -> None:
    steps = sweep(cases, "PH-0001", ONE_BY_ONE, Change())
    assert steps[0].as_it_is
    assert steps[1].label == "mass margin: circumscribed"
    assert steps[-1].change.number == 0
    truths = [cases.truth(changed_id("PH-0001", step.change)).probability for step in steps]
    assert truths == sorted(truths, reverse=True)
    assert truths[-1] == 0


def test_the_step_that_moved_most() -> None:
    assert largest_step(["lesion", "a", "b"], [0.9, 0.8, 0.3]) == ("b", pytest.approx(-0.5))
    assert largest_step(["lesion", "a"], [0.2, 0.7]) == ("a", pytest.approx(0.5))
    assert largest_step(["lesion"], [0.2]) is None

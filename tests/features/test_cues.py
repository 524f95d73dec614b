"""The catalogue of cues: complete, each pair differing in its cue alone, in what can be drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from xai_core.errors import BadRequest
from xai_core.features.cues import CUES, Cue, _catalogue, choose, reference_of, slug
from xai_core.features.pairs import Subject, subjects_of
from xai_core.phantom import calcification, mass
from xai_core.phantom.counterfactual import changed_plans
from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import (
    CALCIFICATION_DISTRIBUTION,
    CALCIFICATION_MORPHOLOGY,
    MASS_DENSITY,
    MASS_MARGIN,
    MASS_SHAPE,
)
from xai_core.phantom.place import lesion_radius
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import Pathology

BY_ID = {cue.id: cue for cue in CUES}
NO_BACKGROUND = cast(Background, None)  # only sizes look at it
SUBJECTS = subjects_of(CUES, 12)


def states(cue: Cue, subject: Subject) -> tuple[LesionPlan, LesionPlan]:
    """The first lesion in both states; the cue is a descriptor."""
    planned = (subject.first_lesion,)
    before, after = cue.states(planned[0], NO_BACKGROUND)
    return changed_plans(planned, before)[0], changed_plans(planned, after)[0]


def descriptors() -> list[Cue]:
    return [cue for cue in CUES if cue.title in LESION_KINDS[cue.kind].terms]


def test_ids_are_unique_and_those_that_scripts_name_are_there() -> None:
    assert len(BY_ID) == len(CUES) >= 20
    assert BY_ID.keys() >= {
        "mass-margin:spiculated", "mass-margin:microlobulated", "mass-margin:indistinct",
        "mass-margin:obscured", "mass-shape:irregular", "mass-diameter:1.5", "mass-diameter:0.67",
        "mass-contrast:0.5", "mass-number:2", "mass-number:3", "mass:none",
        "calcification-morphology:fine-linear", "calcification-distribution:segmental",
    }  # fmt: skip
    assert all(slug(part) == part for cue in CUES for part in cue.id.replace(".", "").split(":"))


def test_references_are_what_benign_lesions_mostly_have() -> None:
    tables = (
        MASS_MARGIN, MASS_SHAPE, MASS_DENSITY, CALCIFICATION_MORPHOLOGY,
        CALCIFICATION_DISTRIBUTION,
    )  # fmt: skip
    found = [reference_of(table) for table in tables]
    assert found == ["circumscribed", "oval", "equal density", "round", "grouped"]
    # 0.4 / (1 + e^1) = 0.108 is less than 0.3 / (1 + e^0) = 0.15
    assert reference_of({"a": (0.4, 1.0), "b": (0.3, 0.0)}) == "b"


def test_every_value_of_every_term_is_the_reference_or_a_cue() -> None:
    for kind in KINDS:
        for term, table in kind.terms.items():
            after = [cue.after for cue in CUES if (cue.kind, cue.title) == (kind.name, term)]
            assert [*after, reference_of(table)] != []
            assert sorted([*after, reference_of(table)]) == sorted(table)
        assert f"{slug(kind.name)}:none" in BY_ID


def test_a_new_value_and_a_new_kind_are_cues_without_a_line_here() -> None:
    terms = {**mass.KIND.terms, "mass margin": {**MASS_MARGIN, "fuzzy (a little)": (0.01, 0.5)}}
    other = replace(mass.KIND, name="new kind", share=0.01, given={})
    found = {cue.id for cue in _catalogue((replace(mass.KIND, terms=terms), calcification.KIND))}
    assert found > {cue.id for cue in CUES if cue.kind in ("mass", "calcifications")}
    assert "mass-margin:fuzzy-a-little" in found
    found = {cue.id for cue in _catalogue((mass.KIND, other))}
    assert {"new-kind:none", "new-kind-mass-margin:spiculated", "mass-mass-margin:obscured"} < found
    assert "new-kind-diameter:1.5" not in found  # too rare


@pytest.mark.parametrize("cue", descriptors(), ids=lambda cue: cue.id)
def test_the_states_differ_in_the_cue_alone_and_can_be_drawn(cue: Cue) -> None:
    for subject in SUBJECTS[cue.kind]:
        before, after = states(cue, subject)
        assert (before.descriptors[cue.title], after.descriptors[cue.title]) == (
            cue.before, cue.after,
        )  # fmt: skip
        other = {**before.descriptors, cue.title: cue.after}
        assert after == replace(before, descriptors=other, probability=after.probability)
        for plan in (before, after):
            for term, (beside, tables) in LESION_KINDS[cue.kind].given.items():
                assert tables[plan.descriptors[beside]].get(plan.descriptors[term], 0) > 0


def lesion(**terms: str) -> Any:
    """A plan with one or both of a mass's descriptors replaced."""
    plan = SUBJECTS["mass"][0].first_lesion
    return replace(plan, descriptors={**plan.descriptors, **terms})


@pytest.mark.parametrize(
    ("cue", "own", "held"),
    [
        # Irregular masses are never circumscribed; of oval and round the commoner one (0.10, 0.08).
        ("mass-margin:spiculated", {"mass shape": "irregular"}, "oval"),
        ("mass-margin:spiculated", {"mass shape": "round"}, "round"),
        ("mass-margin:indistinct", {"mass shape": "irregular"}, "oval"),
        # min(0.32, 0.50) of microlobulated is the largest.
        ("mass-shape:irregular", {"mass margin": "circumscribed"}, "microlobulated"),
        ("mass-shape:irregular", {"mass margin": "indistinct"}, "indistinct"),
    ],
)
def test_descriptors_that_do_not_go_with_both_states_are_replaced(
    cue: str, own: dict[str, str], held: str
) -> None:
    (term,) = own
    for change in BY_ID[cue].states(lesion(**own), NO_BACKGROUND):
        (after,) = changed_plans((lesion(**own),), change)
        assert after.descriptors[term] == held


@pytest.mark.parametrize("kind", ["mass", "calcifications"])
@pytest.mark.parametrize("diameter", [8.0, 30.0, 80.0])
def test_sizes_have_room_in_the_breast(kind: str, diameter: float) -> None:
    background = draw_background(4_000_003, "CC", 160)
    plan = replace(SUBJECTS[kind][0].first_lesion, diameter=diameter)
    for name, factor in (("1.5", 1.5), ("0.67", 0.67)):
        cue = BY_ID[f"{kind}-diameter:{name}"]
        before, after = (
            changed_plans((plan,), change)[0] for change in cue.states(plan, background)
        )
        drawn = lesion_radius(after, background) / lesion_radius(before, background)
        assert drawn == pytest.approx(factor)
        assert after.diameter / before.diameter == pytest.approx(factor)
        assert before.diameter <= diameter


def test_counts_are_of_one_lesion_against_others() -> None:
    plans = (replace(lesion(), pathology=Pathology.BENIGN),)
    for name, number in (("mass:none", 0), ("mass-number:2", 2), ("mass-number:3", 3)):
        before, after = BY_ID[name].states(plans[0], NO_BACKGROUND)
        assert len(changed_plans(plans * 2, before)) == 1
        assert len(changed_plans(plans, after)) == number


def test_controls_are_of_the_recombined_image() -> None:
    controls = [cue for cue in CUES if cue.control]
    assert len(controls) >= 10
    assert {cue.kind for cue in controls} == {"mass", "calcifications"}
    for cue in controls:
        before, after = states(cue, SUBJECTS[cue.kind][0])
        assert before.descriptors != after.descriptors
        own = LESION_KINDS[cue.kind].terms
        assert all(before.descriptors[term] == after.descriptors[term] for term in own)


def test_cues_are_chosen_by_id_or_group() -> None:
    assert choose(()) == CUES
    chosen = [cue.id for cue in choose(("mass-number:3", "mass-shape"))]
    assert chosen == ["mass-shape:round", "mass-shape:irregular", "mass-number:3"]
    with pytest.raises(BadRequest, match="no cue 'mass-colour'; give a group of mass-margin, mass"):
        choose(("mass-shape", "mass-colour"))

"""Counterfactual phantoms: nothing but the changed cue differs, and the truth follows it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy import ndimage as ndi

from xai_core.errors import BadRequest
from xai_core.phantom.anatomy import stream
from xai_core.phantom.counterfactual import (
    Change,
    changed_plans,
    counterfactual,
    opposite_cues,
    truth_of,
    values_of,
)
from xai_core.phantom.generate import Phantom, insert_lesions
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import CONSPICUITY_TERM, MASS, MASS_PATTERN
from xai_core.phantom.plan import draw_descriptors, plan_lesions, probability_of
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import BoolArray, Pathology

HEIGHT = 192
MALIGNANT = Pathology.MALIGNANT
# Reaches of the filters of exposure: blur, edge enhancement, and resampling of the second image.
SPREAD = 8


@lru_cache(maxsize=1)
def tissue() -> Background:
    return draw_background(1_000_077, "CC", HEIGHT)


@lru_cache(maxsize=1)
def seed_of_a_mass() -> int:
    for seed in range(500):
        plans = plan_lesions(stream(seed, "plan"), MALIGNANT)
        first = plans[0]
        enhances = first.descriptors.get(CONSPICUITY_TERM) == "high"
        usual = first.kind == MASS and not first.occult and 15 < first.diameter < 30
        if usual and enhances and len(plans) == 1:
            return seed
    raise AssertionError("no seed gives one mass")


def made(change: Change | None = None) -> Phantom:
    return counterfactual(
        seed_of_a_mass(), tissue(), MALIGNANT, change or Change(), recombined=True
    )


@lru_cache(maxsize=1)
def factual() -> Phantom:
    return insert_lesions(seed_of_a_mass(), tissue(), MALIGNANT, recombined=True)


def reach(*phantoms: Phantom) -> BoolArray:
    """Pixels that the boxes of the phantoms' lesions and the filters can reach."""
    out = np.zeros(tissue().breast.shape, bool)
    for phantom in phantoms:
        for lesion in phantom.lesions:
            assert lesion.solid is not None
            out[lesion.solid.site.rows, lesion.solid.site.columns] = True
    return np.asarray(ndi.binary_dilation(out, iterations=SPREAD))


def test_changing_nothing_is_the_identity() -> None:
    same, before = made(), factual()
    np.testing.assert_array_equal(same.image, before.image)
    assert same.recombined is not None
    assert before.recombined is not None
    np.testing.assert_array_equal(same.recombined.image, before.recombined.image)
    assert same.plans == before.plans
    assert truth_of(same) == truth_of(before)


CHANGES = [
    Change({"mass margin": "circumscribed", "mass shape": "oval"}),
    Change({"mass margin": "spiculated"}),
    Change({"mass density": "low density"}),
    Change(diameter=12.0),
    Change(diameter=36.0),
    Change(contrast=0.5),
    Change(number=0),
    Change({MASS_PATTERN: "homogeneous"}),
    Change({CONSPICUITY_TERM: "low"}),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: str(c)[:60])
def test_only_pixels_that_the_lesion_reaches_differ(change: Change) -> None:
    before, after = factual(), made(change)
    outside = ~reach(before, after)
    assert outside.mean() > 0.2
    np.testing.assert_array_equal(after.image[outside], before.image[outside])
    assert after.recombined is not None
    assert before.recombined is not None
    assert after.recombined.image.shape == before.recombined.image.shape
    far = ~np.asarray(
        ndi.zoom(reach(before, after).astype(float), np.array(after.recombined.image.shape)
                 / np.array(outside.shape), order=1) > 0
    )  # fmt: skip
    np.testing.assert_array_equal(after.recombined.image[far], before.recombined.image[far])
    low = np.abs(after.image - before.image).max()
    second = np.abs(after.recombined.image - before.recombined.image).max()
    assert max(low, second) > 3, "something changed"
    if after.lesions:
        assert after.lesions[0].centre == before.lesions[0].centre


def test_a_change_of_enhancement_leaves_the_low_energy_image_as_it_is() -> None:
    after = made(Change({MASS_PATTERN: "none"}))
    np.testing.assert_array_equal(after.image, factual().image)
    assert CONSPICUITY_TERM not in after.plans[0].descriptors
    again = changed_plans(after.plans, Change({MASS_PATTERN: "rim"}))
    assert again[0].descriptors[CONSPICUITY_TERM] == "moderate"


def test_the_truth_follows_the_label_model() -> None:
    benign = made(Change({"mass margin": "circumscribed", "mass shape": "oval"}))
    cancer = made(Change({"mass margin": "spiculated", "mass shape": "irregular"}))
    assert truth_of(benign).probability < 0.2 < 0.8 < truth_of(cancer).probability
    assert truth_of(benign).birads < truth_of(cancer).birads
    assert truth_of(made(Change(number=0))).probability == 0
    assert "Nothing was put" in truth_of(made(Change(number=0))).note


@pytest.mark.parametrize("seed", range(20))
def test_probability_is_the_one_the_label_was_drawn_with(seed: int) -> None:
    kind, terms, diameter, probability = draw_descriptors(np.random.default_rng(seed))
    if 8 < diameter < 80:  # not clipped
        assert probability_of(kind, terms, diameter) == pytest.approx(probability, abs=1e-12)


def plan_of(kind: str) -> LesionPlan:
    terms = {term: next(iter(table)) for term, table in LESION_KINDS[kind].terms.items()}
    pattern = {LESION_KINDS[kind].pattern_term: "none"}
    return LesionPlan(kind, MALIGNANT, 20.0, 1.0, terms | pattern, 0.5)


@pytest.mark.parametrize("kind", list(LESION_KINDS))
def test_every_value_of_every_kind_can_be_set(kind: str) -> None:
    plan = plan_of(kind)
    for term, values in values_of(plan).items():
        for value in values:
            if term == CONSPICUITY_TERM:
                continue
            (changed,) = changed_plans((plan,), Change({term: value}))
            assert changed.descriptors[term] == value
            assert 0 < changed.probability < 1


def test_more_lesions_are_smaller_ones_and_fewer_are_the_first() -> None:
    plans = (plan_of(MASS), replace(plan_of(MASS), diameter=10.0))
    assert [p.diameter for p in changed_plans(plans, Change(number=3))] == [20.0, 10.0, 10.0]
    assert [p.diameter for p in changed_plans(plans, Change(number=1, diameter=30))] == [30.0]
    assert [p.diameter for p in changed_plans(plans, Change(diameter=40))] == [40.0, 20.0]
    assert changed_plans((), Change()) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change({"skin": "thick"}), "has no 'skin'; it has mass margin"),
        (Change({"mass margin": "fuzzy"}), "'fuzzy'; allowed are circumscribed"),
        (Change(diameter=100), "100 mm; give 4 to 80"),
        (Change(diameter=float("nan")), "nan mm"),
        (Change(contrast=-1), "contrast is -1"),
        (Change(number=5), "give 0 to 4"),
    ],
)
def test_what_a_lesion_cannot_have_is_told(change: Change, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        changed_plans((plan_of(MASS),), change)


def test_a_breast_without_a_lesion_has_no_cue_to_change() -> None:
    with pytest.raises(BadRequest, match="no lesion"):
        changed_plans((), Change(diameter=20))


def test_the_opposite_of_a_spiculated_mass_is_circumscribed_and_oval() -> None:
    mass = LesionPlan(
        MASS, MALIGNANT, 20.0, 1.0,
        {"mass margin": "spiculated", "mass shape": "irregular", "mass density": "high density"},
        0.9,
    )  # fmt: skip
    # Margin 2.2 to -1.9, density 0.3 to -3.0, shape 0.9 to -0.9.
    assert opposite_cues(mass) == (
        ("mass margin", "circumscribed"),
        ("mass density", "fat-containing"),
        ("mass shape", "oval"),
    )


def test_the_opposite_of_a_benign_mass_is_spiculated() -> None:
    mass = LesionPlan(
        MASS, Pathology.BENIGN, 20.0, 1.0,
        {"mass margin": "circumscribed", "mass shape": "oval", "mass density": "high density"},
        0.1,
    )  # fmt: skip
    assert opposite_cues(mass) == (("mass margin", "spiculated"), ("mass shape", "irregular"))


@pytest.mark.parametrize("kind", sorted(LESION_KINDS))
@pytest.mark.parametrize("pathology", [Pathology.BENIGN, MALIGNANT])
def test_opposite_cues_can_be_drawn_together(kind: str, pathology: Pathology) -> None:
    rng = np.random.default_rng(5)
    while True:
        name, terms, diameter, probability = draw_descriptors(rng)
        if name == kind:
            break
    plan = LesionPlan(kind, pathology, diameter, 1.0, terms, probability)
    changed = {**terms, **dict(opposite_cues(plan))}
    after = probability_of(kind, changed, diameter)
    assert (after <= probability) if pathology is MALIGNANT else (after >= probability)
    for term, (other, tables) in LESION_KINDS[kind].given.items():
        if term in dict(opposite_cues(plan)):
            assert tables[changed[other]].get(changed[term], 0) > 0

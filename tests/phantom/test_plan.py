"""Descriptors of lesions, the label drawn from them, and the texts about them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lexicon import (
    CONSPICUITY_TERM,
    MASS,
    MASS_ENHANCEMENT,
    NON_MASS_ENHANCEMENT,
    NON_MASS_PATTERN,
)
from xai_core.phantom.plan import (
    assessment,
    draw_descriptors,
    number_log_odds,
    plan_lesions,
)
from xai_core.phantom.teaching import finding, teaching_note
from xai_core.statistics.auc import roc_auc
from xai_core.types import Pathology

N = 3000


@pytest.fixture(scope="module")
def drawn() -> dict[Pathology, list[tuple[str, dict[str, str]]]]:
    rng = np.random.default_rng(0)
    return {
        pathology: [
            (plan.kind, dict(plan.descriptors))
            for plan in (plan_lesions(rng, pathology)[0] for _ in range(N))
        ]
        for pathology in (Pathology.BENIGN, Pathology.MALIGNANT)
    }


def test_a_normal_breast_has_no_lesion() -> None:
    assert plan_lesions(np.random.default_rng(0), Pathology.NORMAL) == ()


def test_every_kind_and_every_value_is_drawn(
    drawn: dict[Pathology, list[tuple[str, dict[str, str]]]],
) -> None:
    both = [entry for entries in drawn.values() for entry in entries]
    assert {kind for kind, _ in both} == LESION_KINDS.keys()
    for kind in KINDS:
        for term, table in kind.terms.items():
            assert {found[term] for _, found in both if term in found} == table.keys()
    assert {found["mass enhancement"] for kind, found in both if kind == MASS} == set(
        MASS_ENHANCEMENT
    )
    others = {found[NON_MASS_PATTERN] for _, found in both if NON_MASS_PATTERN in found}
    assert others == set(NON_MASS_ENHANCEMENT)
    for kind, found in both:
        assert found[LESION_KINDS[kind].pattern_term] in LESION_KINDS[kind].patterns


def test_classes_overlap_in_every_low_energy_descriptor(
    drawn: dict[Pathology, list[tuple[str, dict[str, str]]]],
) -> None:
    for kind in KINDS:
        for term, table in kind.terms.items():
            for value, (share, weight) in table.items():
                benign, malignant = (
                    sum(found.get(term) == value for _, found in drawn[p])
                    for p in (Pathology.BENIGN, Pathology.MALIGNANT)
                )
                if share * kind.share * N > 50 and abs(weight) < 2.5:
                    assert benign > 0, (term, value)
                    assert malignant > 0, (term, value)
    spiculated = [
        sum(found.get("mass margin") == "spiculated" for _, found in drawn[p])
        for p in (Pathology.BENIGN, Pathology.MALIGNANT)
    ]
    assert spiculated[1] > 3 * spiculated[0] > 0


def test_best_possible_auc_is_that_of_the_model_card() -> None:
    """The AUC, in the library's mix, of a reader who knows all visible descriptors and the label
    model."""
    rng = np.random.default_rng(1)
    malignant, p = [], []
    for pathology, n in (("malignant", 1710), ("benign", 1680), ("normal", 840)):
        for _ in range(n):
            seen = [x for x in plan_lesions(rng, Pathology(pathology)) if not x.occult]
            malignant.append(pathology == "malignant")
            p.append(max((x.probability for x in seen), default=0.0))
    assert 0.93 < roc_auc(np.array(malignant), np.array(p)) < 0.96


def test_without_regard_to_the_class_nearly_half_the_lesions_are_malignant() -> None:
    rng = np.random.default_rng(1)
    p = np.array([draw_descriptors(rng)[3] for _ in range(4000)])
    assert 0.35 < p.mean() < 0.5


def test_an_irregular_mass_is_never_circumscribed() -> None:
    rng = np.random.default_rng(2)
    for _ in range(1500):
        _, terms, diameter, probability = draw_descriptors(rng)
        assert (terms.get("mass shape"), terms.get("mass margin")) != (
            "irregular",
            "circumscribed",
        )
        assert 5 <= diameter <= 100
        assert 0 < probability < 1


def test_lesion_without_enhancement_has_no_conspicuity(
    drawn: dict[Pathology, list[tuple[str, dict[str, str]]]],
) -> None:
    for entries in drawn.values():
        for kind, terms in entries:
            pattern = terms[LESION_KINDS[kind].pattern_term]
            assert (pattern == "none") == (CONSPICUITY_TERM not in terms)


def test_the_assessment_follows_the_probability() -> None:
    rng = np.random.default_rng(3)
    found: dict[int, list[bool]] = {}
    for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
        for _ in range(1500):
            plans = plan_lesions(rng, pathology)
            if plans[0].occult:
                continue
            found.setdefault(assessment(rng, plans), []).append(pathology is Pathology.MALIGNANT)
    assert set(found) == {2, 3, 4, 5}
    shares = [float(np.mean(found[k])) for k in (2, 3, 4, 5)]
    assert shares == sorted(shares)
    assert shares[0] < 0.05 < 0.9 < shares[3]
    assert {assessment(rng, ()) for _ in range(40)} == {1, 2}


@pytest.mark.parametrize("pathology", [Pathology.BENIGN, Pathology.MALIGNANT])
def test_a_note_is_two_sentences_that_agree_with_the_truth(pathology: Pathology) -> None:
    rng = np.random.default_rng(4)
    other = {Pathology.BENIGN: "malignant", Pathology.MALIGNANT: "benign"}[pathology]
    for _ in range(300):
        plans = plan_lesions(rng, pathology)
        note = teaching_note(pathology, plans)
        assert len(re.findall(r"\.(?: |$)", note)) == 2, note
        assert f"decides for {other}" not in note
        assert finding(plans[0])
    assert "normal tissue" in teaching_note(Pathology.NORMAL, ())


def test_number_log_odds_are_those_of_drawn_breasts() -> None:
    """Benign: 0.58, 0.42 * 0.58, 0.42 ** 2.  Malignant: 0.42, 0.58 * 0.42, 0.58 ** 2 * 0.42, and
    0.58 ** 3 of four lesions, which no benign breast has."""
    assert number_log_odds(1) == pytest.approx(np.log(0.42 / 0.58))
    assert number_log_odds(2) == pytest.approx(0)
    assert number_log_odds(3) == pytest.approx(np.log(0.58**2 * 0.42 / 0.42**2))
    assert number_log_odds(4) == np.inf
    rng, n = np.random.default_rng(1), 1500
    benign, malignant = (
        np.bincount([len(plan_lesions(rng, which)) for _ in range(n)], minlength=5)
        for which in (Pathology.BENIGN, Pathology.MALIGNANT)
    )
    assert benign[4] == 0 < malignant[4]
    for number in (1, 2, 3):
        found = np.log(malignant[number] / benign[number])
        assert number_log_odds(number) == pytest.approx(found, abs=0.25)

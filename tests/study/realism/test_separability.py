from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from tests.study.realism.pictures import measurement
from xai_core.study.realism.measure import CROP, CROPS, HALVED, KEYS, Measurement
from xai_core.study.realism.patch_network import PatchNetwork
from xai_core.study.realism.separability import (
    BOOSTING,
    CLASSIFIERS,
    FOLDS,
    FOREST,
    INNER_FOLDS,
    LOGISTIC,
    NETWORK,
    SVM,
    Classifier,
    separability,
)

USED = ("mean", "sd", "exponent")
ONE = (LOGISTIC,)  # the others take longer


def cohort(seed: int, n: int = 150, shift: float = 0, spread: float = 1) -> list[Measurement]:
    """Two images a patient; ``shift`` moves the mean."""
    rng = np.random.default_rng(seed)
    return [
        measurement(
            i, f"P{i // 2}", mean=75 + 10 * spread * rng.normal() + shift,
            sd=40 + 5 * rng.normal(), exponent=2.9 + 0.2 * rng.normal(),
        )
        for i in range(n)
    ]  # fmt: skip


def test_equal_distributions_have_auc_0_5() -> None:
    found = [
        separability(cohort(i, 60), cohort(100 + i, 60), USED, classifiers=ONE) for i in range(8)
    ]
    areas = [one.strongest for one in found if one is not None]
    assert np.mean([one.auc for one in areas]) == pytest.approx(0.5, abs=0.08)
    assert all(one.low < one.auc < one.high for one in areas)
    assert [(one.real, one.phantoms, one.left_out) for one in found if one] == [(60, 60, 0)] * 8


def test_shifted_quantity_separates_and_has_the_largest_weight() -> None:
    found = separability(cohort(0), cohort(1, shift=30), USED, classifiers=ONE)
    assert found is not None
    best = found.strongest
    assert best.auc == pytest.approx(0.983, abs=0.02)  # Phi(3 / sqrt 2)
    assert best.low <= best.auc <= best.high
    key, weight = found.weights[0]
    assert key == "mean"
    assert weight > 1
    assert {key for key, _ in found.weights} == set(USED)
    lower = separability(cohort(0), cohort(1, shift=-30), USED, classifiers=ONE)
    assert lower is not None
    assert lower.weights[0][1] < -1


def together(seed: int, sign: int, n: int = 90) -> list[Measurement]:
    """Two quantities that are as usual each alone, and of equal or opposite sign together."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    second = sign * np.sign(first) * np.abs(rng.normal(size=n))
    return [
        measurement(i, mean=float(a), sd=float(b))
        for i, (a, b) in enumerate(zip(first, second, strict=True))
    ]


@pytest.mark.parametrize("classifier", [SVM, FOREST, BOOSTING], ids=lambda c: c.name)
def test_what_only_goes_together_is_found_though_logistic_regression_is_blind_to_it(
    classifier: Classifier,
) -> None:
    """The strongest is reported: logistic regression alone would call these indistinguishable."""
    if classifier is not SVM:  # the number of trees only smooths
        few = clone(classifier.model).set_params(n_estimators=25)
        classifier = dataclasses.replace(classifier, model=few)
    found = separability(
        together(0, 1, 50), together(1, -1, 50), ("mean", "sd"), classifiers=(LOGISTIC, classifier)
    )
    assert found is not None
    areas = {one.name: one.auc for one in found.results}
    assert areas[LOGISTIC.name] < 0.7
    assert areas[classifier.name] > 0.9
    assert (found.strongest.name, len(found.results)) == (classifier.name, 2)
    assert found.chosen_inside.auc == areas[classifier.name]


def test_the_best_in_the_inner_folds_is_not_chosen_by_the_outer_ones() -> None:
    """Useless classifiers: the strongest of them was lucky, the one chosen before was not."""
    useless = [
        dataclasses.replace(LOGISTIC, name=f"by {C}", grid={"logisticregression__C": (C,)})
        for C in (1e-3, 0.1, 10.0)
    ]
    found = separability(cohort(0, 60), cohort(1, 60), USED, classifiers=useless)
    assert found is not None
    assert len(found.results) == 3
    assert found.chosen_inside.auc < found.strongest.auc


def textured(seed: int, grain: int, n: int = 12) -> list[Measurement]:
    """Crops of noise with grains of ``grain`` px; the quantities are all equal."""
    rng = np.random.default_rng(seed)
    side = CROP // HALVED
    coarse = rng.normal(100, 30, (n, CROPS, side // grain, side // grain))
    crops = coarse.repeat(grain, 2).repeat(grain, 3).clip(0, 255).astype(np.uint8)
    return [measurement(i, crops=crops[i], mean=float(rng.normal())) for i in range(n)]


def test_the_patch_network_separates_textures_that_no_quantity_tells() -> None:
    found = separability(
        textured(0, 1), textured(1, 2), ("mean",), classifiers=(LOGISTIC, NETWORK)
    )  # fmt: skip
    assert found is not None
    areas = {one.name: one.auc for one in found.results}
    assert areas[NETWORK.name] > 0.95
    assert areas[LOGISTIC.name] < 0.8
    assert found.chosen_inside.auc == areas[NETWORK.name]


def test_five_classifiers_are_compared() -> None:
    assert CLASSIFIERS == (LOGISTIC, SVM, FOREST, BOOSTING, NETWORK)
    assert all(len(c.grid) > 0 and all(len(v) > 1 for v in c.grid.values()) for c in CLASSIFIERS)


@pytest.mark.parametrize("classifier", [LOGISTIC, SVM], ids=lambda c: c.name)
def test_patient_is_in_one_fold_only(classifier: Classifier) -> None:
    """Values that identify only the patient: they help only if a patient is in several folds.  An
    SVM can learn patients by heart."""
    rng = np.random.default_rng(0)

    def side() -> list[Measurement]:
        own = [dict(zip(KEYS, rng.normal(size=len(KEYS)), strict=True)) for _ in range(20)]
        return [measurement(i, f"P{i // 10}", **own[i // 10]) for i in range(200)]

    found = separability(side(), side(), KEYS, classifiers=[classifier])
    assert found is not None
    assert found.strongest.auc < 0.75


def test_the_inner_folds_are_by_patient_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search of hyper-parameters is told the patients of its images, and no inner fold has a
    patient on both sides."""
    seen = []
    split = StratifiedGroupKFold.split

    def spy(self: StratifiedGroupKFold, X: Any, y: Any = None, groups: Any = None) -> Any:
        for fit, test in split(self, X, y, groups):
            seen.append((self.n_splits, not set(groups[fit]) & set(groups[test])))
            yield fit, test

    monkeypatch.setattr(StratifiedGroupKFold, "split", spy)
    separability(cohort(0, 40), cohort(1, 40), USED, classifiers=ONE)
    assert seen.count((FOLDS, True)) == FOLDS
    assert seen.count((INNER_FOLDS, True)) == FOLDS * INNER_FOLDS
    assert len(seen) == FOLDS * (1 + INNER_FOLDS)


def test_images_that_lack_a_value_or_a_crop_are_left_out() -> None:
    ours = [*cohort(1, 40), *(measurement(i, f"Q{i}", sd=float("nan")) for i in range(7))]
    ours += [measurement(i, f"R{i}", crops=None) for i in range(2)]
    found = separability(cohort(0, 40), ours, USED, classifiers=ONE)
    assert found is not None
    assert (found.phantoms, found.left_out) == (40, 9)


@pytest.mark.parametrize("n", [0, 8])
def test_too_few_patients_give_none(n: int) -> None:
    assert separability(cohort(0), cohort(1, n), USED) is None
    assert separability(cohort(0, n), cohort(1), USED) is None


def test_same_seed_gives_the_same_separability() -> None:
    found = [separability(cohort(0, 40), cohort(1, 40), USED, classifiers=ONE) for _ in range(2)]
    assert found[0] == found[1]


def test_same_seed_gives_the_same_patch_network_and_leaves_other_random_numbers_alone() -> None:
    crops = np.stack([m.crops for m in textured(0, 1) if m.crops is not None])
    label = np.arange(len(crops)) % 2 == 0
    torch.manual_seed(5)
    expected = torch.rand(())
    torch.manual_seed(5)
    first, second = (PatchNetwork(2).fit(crops, label).decision_function(crops) for _ in "ab")
    assert torch.rand(()) == expected
    np.testing.assert_array_equal(first, second)
    other = PatchNetwork(2, seed=1).fit(crops, label).decision_function(crops)
    assert np.abs(other - first).max() > 1e-3


def test_the_patch_network_scores_an_image_without_regard_to_the_others() -> None:
    crops = np.stack([m.crops for m in textured(0, 1) if m.crops is not None])
    network = PatchNetwork(1).fit(crops, np.arange(len(crops)) % 2 == 0)
    np.testing.assert_allclose(
        network.decision_function(crops[3:4]), network.decision_function(crops)[3:4], atol=1e-5
    )


def test_progress_counts_the_classifiers_of_all_folds() -> None:
    told: list[tuple[int, int, str]] = []
    separability(
        cohort(0, 40), cohort(1, 40), USED, classifiers=ONE,
        progress=lambda done, total, what: told.append((done, total, what)),
    )  # fmt: skip
    assert told == [(i + 1, FOLDS, LOGISTIC.name) for i in range(FOLDS)]

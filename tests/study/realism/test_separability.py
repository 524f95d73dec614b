from __future__ import annotations

import numpy as np
import pytest

from tests.study.realism.pictures import measurement
from xai_core.study.realism.compare import separability
from xai_core.study.realism.measure import KEYS, Measurement

USED = ("mean", "sd", "exponent")


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
    found = separability(cohort(0), cohort(1), USED)
    assert found is not None
    assert found.auc == pytest.approx(0.5, abs=0.1)
    assert found.low < 0.5 < found.high
    assert (found.real, found.phantoms, found.left_out) == (150, 150, 0)


def test_shifted_quantity_separates_and_has_the_largest_weight() -> None:
    found = separability(cohort(0), cohort(1, shift=30), USED)
    assert found is not None
    assert found.auc == pytest.approx(0.983, abs=0.02)  # Phi(3 / sqrt 2)
    assert found.low <= found.auc <= found.high
    key, weight = found.weights[0]
    assert key == "mean"
    assert weight > 1
    assert {key for key, _ in found.weights} == set(USED)
    lower = separability(cohort(0), cohort(1, shift=-30), USED)
    assert lower is not None
    assert lower.weights[0][1] < -1


def test_patient_is_in_one_fold_only() -> None:
    """Values that identify only the patient: they help only if a patient is in several folds."""
    rng = np.random.default_rng(0)

    def side() -> list[Measurement]:
        own = [dict(zip(KEYS, rng.normal(size=len(KEYS)), strict=True)) for _ in range(20)]
        return [measurement(i, f"P{i // 10}", **own[i // 10]) for i in range(200)]

    found = separability(side(), side(), KEYS)
    assert found is not None
    assert found.auc < 0.75


def test_images_that_lack_a_value_are_left_out() -> None:
    ours = [*cohort(1, 40), *(measurement(i, f"Q{i}", sd=float("nan")) for i in range(7))]
    found = separability(cohort(0, 40), ours, USED)
    assert found is not None
    assert (found.phantoms, found.left_out) == (40, 7)


@pytest.mark.parametrize("n", [0, 8])
def test_too_few_patients_give_none(n: int) -> None:
    assert separability(cohort(0), cohort(1, n), USED) is None
    assert separability(cohort(0, n), cohort(1), USED) is None


def test_same_seed_gives_the_same_separability() -> None:
    assert separability(cohort(0, 40), cohort(1, 40), USED) == separability(
        cohort(0, 40), cohort(1, 40), USED
    )

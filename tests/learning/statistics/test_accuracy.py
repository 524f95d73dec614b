from __future__ import annotations

import math

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.accuracy import Rate, accuracy, accuracy_by_patient
from xai_core.statistics.proportion import Proportion


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_the_interval_is_newcombes(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17:857, 1998, table I, method 3."""
    assert tuple(round(end, 4) for end in Rate(part, whole).interval()) == (low, high)


def test_another_level_is_narrower() -> None:
    low, high = Rate(5, 10).interval(0.8)
    assert Rate(5, 10).interval()[0] < low < high < Rate(5, 10).interval()[1]


def test_sensitivity_and_specificity() -> None:
    truth = [True, True, True, False, False, False, False]
    called = [True, True, False, True, False, False, False]
    found = accuracy(truth, called)
    assert found.sensitivity == Rate(2, 3)
    assert found.specificity == Rate(3, 4)
    assert found.sensitivity.value == pytest.approx(2 / 3)


def test_images_of_a_patient_are_taken_together() -> None:
    truth = np.arange(80) < 40
    called = np.where(np.arange(80) // 2 % 2, truth, ~truth)
    patients = np.arange(80) // 2
    sensitivity, specificity = accuracy_by_patient(truth, called, patients.astype(str))
    assert (sensitivity.count, specificity.count) == ("20 / 40", "20 / 40")
    assert sensitivity == Proportion.of(called[:40], patients[:40].astype(str))
    wide, narrow = sensitivity.interval, accuracy(truth, called).sensitivity.interval()
    assert wide[1] - wide[0] > 1.3 * (narrow[1] - narrow[0])


def test_few_patients_have_no_interval() -> None:
    found, _ = accuracy_by_patient([True, True, False], [True, False, False], ["a", "a", "b"])
    assert all(math.isnan(end) for end in found.interval)


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_an_empty_class_is_refused(truth: list[bool]) -> None:
    with pytest.raises(BadRequest, match="1 or more of each"):
        accuracy(truth, [True, False])
    with pytest.raises(BadRequest, match="1 or more of each"):
        accuracy_by_patient(truth, [True, False], ["a", "b"])


def test_other_lengths_are_refused() -> None:
    with pytest.raises(BadRequest, match="3 calls of 2 cases"):
        accuracy([True, False], [True, False, True])
    with pytest.raises(BadRequest, match="1 patients of 2 images"):
        accuracy_by_patient([True, False], [True, False], ["a"])

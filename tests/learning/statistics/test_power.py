"""Readers and cases that are needed: figures that others compute of Van Dyke's study, refusals."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from xai_core.errors import BadRequest
from xai_core.learning.statistics.multireader import Components, Random
from xai_core.learning.statistics.power import cases_needed, power, readers_needed

GAIN = 0.043800322  # what was observed
PILOT = Components(
    0.004796170531660, 0.003836199989109, 0.000551030621744, 0.000802288265572, 0.000346613709441,
    0.000344074828861, 0.000239028370892, tests=2, readers=5, cases=114,
)  # fmt: skip


@pytest.mark.parametrize(
    ("readers", "cases", "random", "expected"),
    [
        (10, 165, Random.READERS_AND_CASES, 0.80541995),
        (10, 131, Random.CASES, 0.80091813),
        (10, 53, Random.READERS, 0.80496663),
        (6, 111, Random.READERS_AND_CASES, 0.5526116),
    ],
)
def test_power_of_van_dykes_pilot(
    readers: int, cases: int, random: Random, expected: float
) -> None:
    """As the tests of the R package RJafroc have it."""
    found = power(PILOT, readers, cases, gain=GAIN, random=random)
    assert found == pytest.approx(expected, abs=5e-8)


def test_numbers_that_are_needed() -> None:
    """251 cases of 6 readers: as above.  The others by what is on either side."""
    assert cases_needed(PILOT, 6, gain=GAIN) == 251
    for random in Random:
        cases = cases_needed(PILOT, 8, random=random)
        assert power(PILOT, 8, cases, random=random) >= 0.8
        assert power(PILOT, 8, cases - 1, random=random) < 0.8
        readers = readers_needed(PILOT, 120, random=random)
        assert power(PILOT, readers, 120, random=random) >= 0.8
        assert power(PILOT, readers - 1, 120, random=random) < 0.8


def test_power_rises_with_everything() -> None:
    for random in Random:
        found = [
            power(PILOT, readers, cases, gain=gain, random=random)
            for gain, cases, readers in itertools.product((0.03, 0.06), (50, 100), (4, 8))
        ]
        for step in (1, 2, 4):
            assert all(
                found[i] < found[i + step] for i in range(8) if not i & step
            )  # fmt: skip


def test_the_sign_of_the_gain_does_not_matter_and_no_gain_is_found_by_chance() -> None:
    assert power(PILOT, 5, 100, gain=-0.05) == power(PILOT, 5, 100, gain=0.05)
    for random in Random:
        assert power(PILOT, 5, 100, gain=1e-9, random=random) == pytest.approx(0.05, abs=1e-6)
        assert power(PILOT, 5, 100, gain=1e-9, random=random, significance=0.01) == pytest.approx(
            0.01, abs=1e-6
        )


def test_readers_who_differ_too_much_cannot_be_outweighed_by_cases() -> None:
    with pytest.raises(BadRequest, match="With 2 readers not even 100000 cases"):
        cases_needed(dataclasses.replace(PILOT, ms_tr=0.01), 2)
    with pytest.raises(BadRequest, match="With 5 cases not even 1000 readers"):
        readers_needed(PILOT, 5, gain=0.001)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"readers": 1}, "1 readers and 100 cases"),
        ({"cases": 1}, "5 readers and 1 cases"),
        ({"gain": 0}, "other than 0"),
        ({"gain": float("nan")}, "other than 0"),
        ({"significance": 1}, "between 0 and 1"),
        ({"pilot": dataclasses.replace(PILOT, readers=1)}, "2 tests and 1 readers"),
        ({"pilot": dataclasses.replace(PILOT, tests=1)}, "1 tests and 5 readers"),
        (
            {"pilot": dataclasses.replace(PILOT, ms_tr=0, var=0, cov1=0, cov2=0, cov3=0)},
            "do not vary",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(changed: dict, says: str) -> None:
    given = {"pilot": PILOT, "readers": 5, "cases": 100, **changed}
    with pytest.raises(BadRequest, match=says):
        power(**given)


def test_a_single_fixed_reader_can_be_planned() -> None:
    assert power(PILOT, 1, 300, random=Random.CASES) > 0.05


@pytest.mark.parametrize("wanted", [0.05, 1.0])
def test_a_power_that_makes_no_sense_is_refused(wanted: float) -> None:
    with pytest.raises(BadRequest, match="above the significance level"):
        cases_needed(PILOT, 5, wanted=wanted)

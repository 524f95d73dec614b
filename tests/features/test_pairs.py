"""Pairs of phantoms: which are drawn, and from which generator."""

from __future__ import annotations

import pytest

from xai_core.errors import BadRequest
from xai_core.features.cues import choose
from xai_core.features.pairs import (
    SERIES_SIZE,
    Subject,
    by_turns,
    draw_pairs,
    generator_digest,
    subjects_of,
)
from xai_core.phantom.anatomy import stream
from xai_core.phantom.generate import SPLIT_SEEDS, SPLIT_SIZE
from xai_core.phantom.library import MAX_SEED, plan_library
from xai_core.phantom.plan import plan_lesions
from xai_core.types import Pathology


def test_phantoms_are_of_the_kind_and_of_a_split_of_their_own() -> None:
    cues = choose(("mass:none", "oil-cyst:none"))
    found = subjects_of(cues, 6, series=9)
    first = SPLIT_SEEDS["study"] + 9 * SERIES_SIZE
    for kind, subjects in found.items():
        assert len({subject.seed for subject in subjects}) == 6
        for subject in subjects:
            assert first <= subject.seed < first + SERIES_SIZE <= SPLIT_SEEDS["study"] + SPLIT_SIZE
            lesion = plan_lesions(stream(subject.seed, "plan"), subject.pathology)[0]
            assert (lesion.kind, lesion.occult) == (kind, False)
            assert lesion == subject.first_lesion
    assert found["mass"][:3] == subjects_of(cues, 3, series=9)["mass"]
    assert found["mass"][0] != subjects_of(cues, 1, series=8)["mass"][0]
    mix = {Pathology.NORMAL: 0.0, Pathology.BENIGN: 0.5, Pathology.MALIGNANT: 0.5}
    last = max(plan.texture_seed for plan in plan_library(9999, MAX_SEED, mix))
    assert last < SPLIT_SEEDS["study"]


def test_classes_and_views_are_balanced() -> None:
    four = [Subject(4_000_000 + i) for i in range(4)]
    assert [str(subject.pathology) for subject in four] == ["benign", "malignant"] * 2
    assert [subject.view for subject in four] == ["CC", "CC", "MLO", "MLO"]


def test_more_phantoms_than_there_are_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xai_core.features.pairs.SERIES_SIZE", 50)
    with pytest.raises(BadRequest, match=r"--pairs is 40; there are \d phantoms of the kind oil"):
        subjects_of(choose(("mass:none", "oil-cyst:none")), 40)


def test_kinds_come_by_turns() -> None:
    drawn = {"mass": (Subject(1), Subject(3)), "cyst": (Subject(2), Subject(4))}
    assert [(kind, subject.seed) for kind, subject in by_turns(drawn)] == [
        ("mass", 1), ("cyst", 2), ("mass", 3), ("cyst", 4),
    ]  # fmt: skip


def test_a_state_that_cues_share_is_drawn_once() -> None:
    """Four densities, and two contrasts beside the plain lesion, which has one of them."""
    cues = choose(("mass-density", "mass-contrast"))
    (subject,) = subjects_of(cues, 1)["mass"]
    states, pairs = draw_pairs(subject, cues, 112)
    assert len(states) == 6
    assert len(pairs) == len(cues)
    assert {before for before, _ in pairs[:3]} == {pairs[0][0]}
    assert all(states[a].digest != states[b].digest for a, b in pairs)


def test_the_generator_is_named_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = generator_digest()
    assert before == generator_digest()
    monkeypatch.setattr("xai_core.phantom.plan._STEEPNESS", 1.8)
    assert generator_digest() != before

"""What every kind of lesion promises: it is described, drawn, put into tissue and told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.place import insert
from xai_core.phantom.teaching import finding, teaching_note
from xai_core.phantom.tissue import Background, draw_background
from xai_core.phantom.tone import ToneCurve, draw_tone_curve
from xai_core.types import Pathology

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def breast() -> tuple[Background, ToneCurve]:
    rng = np.random.default_rng(0)
    background = draw_background(rng, "CC", 384)
    return background, draw_tone_curve(rng, background)


def plans(kind: LesionKind) -> Iterator[LesionPlan]:
    """A plan with every value of every term, whatever goes with what."""
    most = max((len(table) for table in kind.terms.values()), default=1)
    for number in range(most):
        said = {term: list(table)[number % len(table)] for term, table in kind.terms.items()}
        said |= {"mass enhancement": "none", "non-mass enhancement": "none"}
        pathology = (Pathology.BENIGN, Pathology.MALIGNANT)[number % 2]
        yield LesionPlan(kind.name, pathology, 25.0, 90.0, said, 0.5)


def test_names_are_unique() -> None:
    assert len(LESION_KINDS) == len(KINDS)


@every_kind
def test_it_is_described(kind: LesionKind) -> None:
    assert kind.share > 0
    assert kind.cues.keys() >= kind.terms.keys()
    assert all("{}" in words for words in kind.cues.values())
    for table in kind.terms.values():
        assert sum(share for share, _ in table.values()) == pytest.approx(1)
    terms = list(kind.terms)
    for term, (other, tables) in kind.given.items():
        assert terms.index(other) < terms.index(term), "what is given is drawn before"
        assert tables.keys() == kind.terms[other].keys()
        for shares in tables.values():
            assert shares.keys() <= kind.terms[term].keys()
            assert sum(shares.values()) == pytest.approx(1)


@every_kind
def test_it_is_drawn_from_its_seed_alone(kind: LesionKind) -> None:
    for plan in plans(kind):
        first, again = (
            kind.draw(np.random.default_rng(3), plan, (384, 300), (120.0, 190.0), 25.0, 0.75)
            for _ in range(2)
        )
        shape = first.window.dx.shape
        assert first.added.shape == first.mask.shape == shape
        assert first.added.dtype == np.float32
        assert np.isfinite(first.added).all()
        assert np.abs(first.added).max() > 0.05
        assert 0 < first.mask.sum() < first.mask.size
        assert np.array_equal(first.added, again.added)
        assert np.array_equal(first.mask, again.mask)


@every_kind
def test_it_is_put_into_tissue(kind: LesionKind, breast: tuple[Background, ToneCurve]) -> None:
    background, curve = breast
    for plan in plans(kind):
        tissue, lesion = insert(
            np.random.default_rng(1), background, background.tissue, plan, curve
        )
        changed = tissue != background.tissue
        assert changed.any()
        assert not (changed & ~background.breast).any()
        assert lesion.mask.any()


@every_kind
def test_its_finding_and_teaching_note_are_worded(kind: LesionKind) -> None:
    for plan in plans(kind):
        assert kind.name.split()[-1] in finding(plan)
        assert "{" not in finding(plan)
        for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
            assert "{" not in teaching_note(pathology, (plan,))

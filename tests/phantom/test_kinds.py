"""What every kind of lesion promises: it is described, drawn, put into tissue and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.place import Tissue, insert
from xai_core.phantom.solid import LEVELS, Site
from xai_core.phantom.teaching import finding, teaching_note
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import Pathology

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


SITE = Site(
    "CC", slice(50, 350), slice(50, 350), (200.0, 200.0), 3.0, 3.0, (0.9, -0.3, 0.3), 12.0, 1.4
)


@pytest.fixture(scope="module")
def breast() -> Background:
    return draw_background(0, "CC", 160)


def plans(kind: LesionKind) -> Iterator[LesionPlan]:
    """A plan with every value of every term, whatever goes with what."""
    most = max((len(table) for table in kind.terms.values()), default=1)
    for number in range(most):
        said = {term: list(table)[number % len(table)] for term, table in kind.terms.items()}
        said |= {"mass enhancement": "none", "non-mass enhancement": "none"}
        pathology = (Pathology.BENIGN, Pathology.MALIGNANT)[number % 2]
        yield LesionPlan(kind.name, pathology, 25.0, 1.0, said, 0.5)


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
        first, again = (kind.draw(np.random.default_rng(3), plan, SITE, 9.0) for _ in "ab")
        for solid in (first, again):
            assert solid.body.shape == solid.far.shape == (LEVELS, *solid.core.shape)
            assert solid.body.dtype == np.float32
            assert np.isfinite(solid.body).all()
            assert 0 <= solid.body.min() <= solid.body.max() <= 1
        assert 0 < first.mask().sum() < first.mask().size
        assert np.array_equal(first.body, again.body)
        assert np.array_equal(first.mask(), again.mask())


@every_kind
def test_it_is_the_same_solid_in_a_larger_box_and_in_the_other_view(kind: LesionKind) -> None:
    """No random number may depend on the box: the two views would show two lesions."""
    plan = next(iter(plans(kind)))
    larger = replace(SITE, rows=slice(20, 380), columns=slice(20, 380))
    for site in (larger, replace(SITE, view="MLO")):
        rngs = [np.random.default_rng(3) for _ in "ab"]
        kind.draw(rngs[0], plan, SITE, 9.0)
        kind.draw(rngs[1], plan, site, 9.0)
        assert rngs[0].random() == rngs[1].random()


@every_kind
def test_it_is_put_into_tissue(kind: LesionKind, breast: Background) -> None:
    for plan in plans(kind):
        tissue = Tissue.of(breast)
        lesion = insert(
            np.random.default_rng(1), breast, tissue, plan, (45.0, 6.0, 3.0), 9.0 * kind.size
        )
        changed = tissue.shown != breast.tissue
        assert changed.any()
        rows, columns = np.nonzero(changed)
        reach = (9.0 * kind.size * kind.reach + 3) * breast.px_per_mm + 2
        assert np.abs(columns - lesion.centre[0]).max() <= reach
        assert np.abs(rows - lesion.centre[1]).max() <= reach
        assert lesion.mask.any()
        assert not (lesion.mask & ~breast.breast).any()


@every_kind
def test_its_finding_and_teaching_note_are_worded(kind: LesionKind) -> None:
    for plan in plans(kind):
        assert kind.name.split()[-1] in finding(plan)
        assert "{" not in finding(plan)
        for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
            assert "{" not in teaching_note(pathology, (plan,))

"""What a step is drawn from: its share of new images, the rest again, the same after a pause."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from xai_core.phantom.background import Background, draw_background
from xai_core.training import batches
from xai_core.training.batches import Batches
from xai_core.training.plan import Phase, Plan
from xai_core.training.sample import Sample, flipped

SIZE = 96
WHOLE = Phase("images", SIZE, 8, 5, 60, 1e-3, (1.0, 1.0), 1.0, 0.5, fresh=0.25)
CROPS = Phase("crops", 24, 8, 5, 60, 1e-3, (1.0, 1.0), 1.0, 0.5, shrink=2)


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [draw_background(np.random.default_rng(i), v, 160) for i, v in enumerate(("CC", "MLO"))]


def of(tissue: list[Background], *phases: Phase) -> Batches:
    return Batches(Plan(phases, seed=3, size=SIZE), tissue, [], lambda _phase, _step: 1.0)


def same(a: list[Sample], b: list[Sample]) -> bool:
    return all(np.array_equal(x.image, y.image) for x, y in zip(a, b, strict=True))


def test_a_step_draws_its_share_of_images_and_takes_the_others_again(
    tissue: list[Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    whole = Batches.draw_whole
    monkeypatch.setattr(Batches, "draw_whole", lambda *a: drawn.append(1) or whole(*a))
    learner = of(tissue, WHOLE)
    for step, images in enumerate((8, 8, 8, 8, 10)):
        assert len(learner.draw(0, step)) == 8
        assert len(drawn) == images, "the first step draws all of its own: there is none before it"


def test_what_is_remembered_does_not_change_what_is_drawn(tissue: list[Background]) -> None:
    steady, late = of(tissue, WHOLE), of(tissue, WHOLE)
    for step in range(4):
        steady.draw(0, step)
    assert same(steady.draw(0, 4), late.draw(0, 4))
    assert same(steady.draw(0, 4), steady.take(0, 4))
    assert not same(steady.draw(0, 4), steady.draw(0, 3))


def test_only_the_latest_images_are_kept(
    tissue: list[Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_REMEMBERED", 4)
    learner = of(tissue, dataclasses.replace(WHOLE, batch=4, fresh=1.0))
    for step in range(5):
        learner.draw(0, step)
    assert len(learner._images) == 4 + 4
    assert min(number for _, number in learner._images) == 12


def test_phases_of_crops_and_of_images_differ_in_size(tissue: list[Background]) -> None:
    both = of(tissue, CROPS, WHOLE)
    assert {s.image.shape for s in both.take(0, 0)} == {(24, 24)}
    assert {s.image.shape for s in both.take(1, 0)} == {(SIZE, SIZE)}


def test_a_flip_moves_picture_and_mask_alike() -> None:
    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    seen = set()
    for seed in range(40):
        turned = flipped(np.random.default_rng(seed), Sample(image, image > 11, 1.0))
        assert np.array_equal(turned.mask, turned.image > 11)
        seen.add(float(turned.image[0, 0]))
    assert seen == {0.0, 3.0, 12.0, 15.0}

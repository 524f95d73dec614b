"""Batches: the share of new and reused images, several workers, and reproducibility."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from xai_core.phantom.tissue import Background, draw_background
from xai_core.training import batches
from xai_core.training.batches import Batches, SampleWorker
from xai_core.training.plan import Phase, Plan
from xai_core.training.sample import Batch, Sample, flipped

SIZE = 96
WHOLE = Phase("images", SIZE, 8, 5, 60, 1e-3, (1.0, 1.0), 1.0, 0.5, fresh=0.25)
CROPS = Phase("crops", 24, 8, 5, 60, 1e-3, (1.0, 1.0), 1.0, 0.5, shrink=2)


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [draw_background(i, v, 160) for i, v in enumerate(("CC", "MLO"))]


def plan(*phases: Phase, workers: int = 1) -> Plan:
    return Plan(phases, seed=3, size=SIZE, workers=workers)


def of(tissue: list[Background], *phases: Phase) -> SampleWorker:
    return SampleWorker(plan(*phases), tissue, [])


def taken(tissue: list[Background], plan: Plan, steps: int, phase: int = 0) -> list[Batch]:
    with Batches(plan, tissue, [], lambda _phase: 0.0) as batches:
        return [batches.take(phase, step) for step in range(steps)]


def same(a: Batch, b: Batch) -> bool:
    return np.array_equal(a.images, b.images) and np.array_equal(a.masks, b.masks)


def test_step_draws_its_share_of_new_images_and_reuses_others(
    tissue: list[Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    whole = SampleWorker.draw_whole
    monkeypatch.setattr(SampleWorker, "draw_whole", lambda *a: drawn.append(1) or whole(*a))
    learner = of(tissue, WHOLE)
    for step, images in enumerate((8, 8, 8, 8, 10)):
        assert len(learner.draw(0, step).images) == 8
        assert len(drawn) == images, "the first step draws all of its own: there is none before it"


def test_cached_images_do_not_change_the_batches(tissue: list[Background]) -> None:
    steady, late = of(tissue, WHOLE), of(tissue, WHOLE)
    drawn = [steady.draw(0, step) for step in range(5)]
    assert same(drawn[4], late.draw(0, 4))
    assert not same(drawn[4], drawn[3])
    assert all(same(a, b) for a, b in zip(drawn, taken(tissue, plan(WHOLE), 5), strict=True))


def test_workers_take_turns_with_different_images(tissue: list[Background]) -> None:
    shared = plan(WHOLE, workers=2)
    workers = [SampleWorker(shared, tissue, [], index, 2) for index in range(2)]
    by_hand = [workers[step % 2].draw(0, step) for step in range(6)]
    by_processes = taken(tissue, shared, 6)
    assert all(same(a, b) for a, b in zip(by_hand, by_processes, strict=True))
    assert not same(by_hand[0], by_hand[1])


def test_only_the_latest_images_are_cached(
    tissue: list[Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_CACHED", 4)
    learner = of(tissue, dataclasses.replace(WHOLE, batch=4, fresh=1.0))
    for step in range(5):
        learner.draw(0, step)
    assert len(learner._images) == 4 + 4
    assert min(number for _, number in learner._images) == 12


def test_contrast_is_annealed_by_steps_or_by_time_whichever_is_further() -> None:
    phase = dataclasses.replace(WHOLE, gain=(3.0, 1.0), steps=10)
    assert phase.gain_at(phase.fraction(0, 0.0)) == 3.0
    assert phase.gain_at(phase.fraction(3, 0.35)) == pytest.approx(2.0)
    assert phase.gain_at(phase.fraction(7, 0.1)) == pytest.approx(1.0)


def test_phases_of_crops_and_of_images_differ_in_size(tissue: list[Background]) -> None:
    both = of(tissue, CROPS, WHOLE)
    assert both.draw(0, 0).images.shape == (8, 24, 24)
    assert both.draw(1, 0).images.shape == (8, SIZE, SIZE)


def test_flip_changes_image_and_mask_alike() -> None:
    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    seen = set()
    for seed in range(40):
        turned = flipped(np.random.default_rng(seed), Sample(image, image > 11, 1.0))
        assert np.array_equal(turned.mask, turned.image > 11)
        seen.add(float(turned.image[0, 0]))
    assert seen == {0.0, 3.0, 12.0, 15.0}

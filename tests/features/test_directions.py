"""Directions of cues: worked by hand, and removed behind and before the last block."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from xai_core.errors import ModelError
from xai_core.features import directions as module
from xai_core.features.ablation import differences
from xai_core.features.blocks import Block, activation_at, default_blocks, tail_after
from xai_core.features.channels import AddDirection, RemoveDirection, edited
from xai_core.features.cue_pairs import CuePairs, measure_all
from xai_core.features.cues import CUES, choose
from xai_core.features.directions import (
    Direction,
    Removal,
    Variant,
    directions_of,
    effects_by_head,
    effects_by_tail,
    half_of,
    orthogonal_to,
    removals,
)
from xai_core.features.head import ClosedHead
from xai_core.features.pairs import Subject, draw_pairs, subjects_of
from xai_core.model.classifier import Classifier

PAIR_CUES = choose(("mass-margin:spiculated", "mass-contrast:1.5", "mass-enhancement:rim"))
HEIGHT = 112
BLOCK = Block(3, 2, 3, 1)


def ignore(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""


def by_hand(k: int, differences_of: list[list[float]]) -> CuePairs:
    """A cue whose pairs, in three channels, differ so."""
    after = np.array(differences_of, np.float32)
    mean = np.stack([np.ones_like(after), 1 + after], 1)
    n = len(after)
    logits = np.zeros((n, 2, 2))
    logits[:, 1, 1] = after.sum(1)
    names = tuple((f"{k}a{i}", f"{k}b{i}") for i in range(n))
    return CuePairs(CUES[k], np.arange(n), names, mean, mean, after, logits, 1)


OTHER = next(k for k, cue in enumerate(CUES) if cue.group != CUES[0].group)
FIRST = by_hand(0, [[1, 1, 0], [3, 3, 0], [1, 1, 0], [3, 3, 0]])
SECOND = by_hand(OTHER, [[2, 0, 0]] * 4)


def test_a_direction_is_the_mean_difference_of_the_other_half_s_pairs() -> None:
    """The first cue's pairs of half 1 differ by (3, 3, 0), those of half 0 by (1, 1, 0); states
    of half 1 lie at 1 and 4 along both channels, so at 5 / sqrt(2) on average."""
    found = directions_of([FIRST, SECOND], slice(0, 3))
    assert half_of(FIRST.phantoms.tolist()).tolist() == [0, 1, 0, 1]
    plain = {(d.cue.id, d.half): d for d in found if d.variant is Variant.PLAIN}
    assert len(plain) == 4
    own = plain[CUES[0].id, 0]
    np.testing.assert_allclose(own.unit, [0.5**0.5, 0.5**0.5, 0])
    assert own.level == pytest.approx(5 / 2**0.5)
    assert plain[CUES[0].id, 1].level == pytest.approx(3 / 2**0.5)
    orthogonal = {(d.cue.id, d.half): d for d in found if d.variant is Variant.ORTHOGONAL}
    np.testing.assert_allclose(orthogonal[CUES[0].id, 0].unit, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(orthogonal[CUES[OTHER].id, 0].unit, [0.5**0.5, -(0.5**0.5), 0])


def test_a_cue_that_moves_nothing_or_has_one_pair_has_no_direction() -> None:
    still, single = by_hand(OTHER, [[0, 0, 0]] * 4), by_hand(OTHER, [[1, 0, 0]])
    assert {d.cue.id for d in directions_of([FIRST, still], slice(0, 3))} == {CUES[0].id}
    assert [d.half for d in directions_of([single], slice(0, 3))] == [1, 1]  # without its own
    assert directions_of([still], slice(0, 3)) == []


def test_what_others_span_is_taken_away() -> None:
    others = np.array([[1.0, 0, 0], [1, 1, 0], [2, 1, 0]])
    np.testing.assert_allclose(orthogonal_to(np.array([3.0, 4, 5]), others), [0, 0, 5], atol=1e-12)
    assert orthogonal_to(np.array([3.0, 4, 5]), np.empty((0, 3))).tolist() == [3, 4, 5]
    parallel = [by_hand(0, [[1, 0, 0]] * 2), by_hand(OTHER, [[2, 0, 0]] * 2)]
    left = [d for d in directions_of(parallel, slice(0, 3)) if d.variant is Variant.ORTHOGONAL]
    assert left == []


class SumHead(ClosedHead):
    """Logits 0 and the sum of the channels, without a layer norm."""

    def logits(self, means: object) -> np.ndarray:
        total = np.asarray(means, np.float64).sum(-1)
        return np.stack([np.zeros_like(total), total], -1)


HEAD = SumHead(np.ones(3), np.zeros(3), np.ones((2, 3)), np.zeros(2), 0.0)


def test_the_effect_that_goes_worked_by_hand() -> None:
    """Without (1, 1, 0) / sqrt(2) the first cue has no effect; the second's (2, 0, 0) leaves
    (1, -1, 0), whose sum is 0.  Without the second's own (1, 0, 0) the first keeps (0, 1, 0) times
    1 or 3."""
    pairs = [FIRST, SECOND]
    effects = effects_by_head(HEAD, directions_of(pairs, slice(0, 3)), pairs, slice(0, 3))
    plain = {(a, b): v for (a, kind, b), v in effects.items() if kind is Variant.PLAIN}
    first, second = CUES[0].id, CUES[OTHER].id
    np.testing.assert_allclose(plain[first, first], [0] * 4, atol=1e-9)
    np.testing.assert_allclose(plain[first, second], [0] * 4, atol=1e-9)
    np.testing.assert_allclose(plain[second, first], [1, 3, 1, 3])
    np.testing.assert_allclose(plain[second, second], [0] * 4, atol=1e-9)
    rows = removals(BLOCK, pairs, effects, {first: 4, second: 4})
    assert len(rows) == 8
    row = next(r for r in rows if r.removed.id == second and r.measured.id == first)
    assert (row.before, row.after, row.share, row.is_own, row.pairs) == (4, 2, 0.5, False, 4)
    assert math.isnan(row.low)
    assert not row.clear
    assert replace(row, low=1.0, high=7.0).clear
    assert math.isnan(Removal(BLOCK, Variant.PLAIN, CUES[0], CUES[1], 1, 0.0, 0.0, 0.0, 1.0).share)


@pytest.fixture(scope="module")
def measured(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> list[CuePairs]:
    drawn = subjects_of(PAIR_CUES, 2)
    folder = tmp_path_factory.mktemp("rows")
    return measure_all(
        classifier, default_blocks(classifier), PAIR_CUES, drawn, folder, ignore, HEIGHT
    )


def test_the_head_s_effects_are_those_of_edited_activations(
    classifier: Classifier, measured: list[CuePairs]
) -> None:
    """Behind the last block, and so by the way of the blocks before it too."""
    last = default_blocks(classifier)[-1]
    part = slice(160, 480)
    found = directions_of(measured, part)
    by_head = effects_by_head(ClosedHead.of(classifier.network), found, measured, part)
    subject = Subject(int(measured[0].phantoms[0]))
    own = [d for d in found if d.half == 0]
    by_tail = module.measure_removed(classifier, last, subject, PAIR_CUES, own, HEIGHT)
    for d, row in zip(own, by_tail, strict=True):
        expected = [by_head[d.cue.id, d.variant, cue.id][0] for cue in PAIR_CUES]
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_a_direction_removed_before_the_last_block(
    classifier: Classifier, measured: list[CuePairs]
) -> None:
    block = default_blocks(classifier)[0]
    (d, *_) = (d for d in directions_of(measured, slice(0, 160)) if d.half == 0)
    subject = Subject(int(measured[0].phantoms[0]))
    (row,) = module.measure_removed(classifier, block, subject, PAIR_CUES, [d], HEIGHT)
    states, places = draw_pairs(subject, PAIR_CUES, HEIGHT)
    tail, answers = tail_after(classifier, block), []
    for state in states:
        x = classifier.normalise(classifier.prepare(np.asarray(state.image / 255, np.float32)).grey)
        a = edited(
            activation_at(classifier, x, block)[0],
            [RemoveDirection(d.unit), AddDirection(d.unit, d.level)],
        )
        level = torch.einsum("c,chw->hw", torch.tensor(d.unit).float(), a)
        torch.testing.assert_close(level, torch.full_like(level, d.level), rtol=1e-3, atol=1e-3)
        answers.append(float(differences(tail(a[None]).detach().double().numpy(), 1)[0]))
    np.testing.assert_allclose(row, [answers[b] - answers[a] for a, b in places], atol=1e-4)


def test_a_run_goes_on_and_other_directions_are_measured_anew(
    classifier: Classifier,
    measured: list[CuePairs],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block, drawn = default_blocks(classifier)[0], subjects_of(PAIR_CUES, 2)
    found = directions_of(measured, slice(0, 160))
    steps: list[tuple[int, int, str]] = []
    arguments = (classifier, block, found, PAIR_CUES, drawn, tmp_path)
    effects = effects_by_tail(*arguments, lambda *step: steps.append(step), HEIGHT)
    assert steps == [(0, 2, "mass"), (1, 2, "mass"), (2, 2, "")]
    assert all(len(values) == 2 for values in effects.values())
    control = PAIR_CUES[2].id
    assert all(v == [0, 0] for (_, _, cue), v in effects.items() if cue == control)
    calls, measure = [], module.measure_removed

    def counting(*arguments: object) -> object:
        calls.append(arguments)
        return measure(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "measure_removed", counting)
    assert effects_by_tail(*arguments, ignore, HEIGHT) == effects
    assert calls == []
    next(tmp_path.iterdir()).write_bytes(b"damaged")
    assert effects_by_tail(*arguments, ignore, HEIGHT) == effects
    assert len(calls) == 1
    other = [replace(d, level=d.level + 1) for d in found]
    assert effects_by_tail(classifier, block, other, *arguments[3:], ignore, HEIGHT) != effects
    assert len(calls) == 3


def test_unusable_weights_are_told(classifier: Classifier, measured: list[CuePairs]) -> None:
    block = default_blocks(classifier)[0]
    endless = Direction(PAIR_CUES[0], Variant.PLAIN, 0, np.eye(160)[0], 1e38)
    subject = Subject(int(measured[0].phantoms[0]))
    with pytest.raises(ModelError, match="without a direction is not a number"):
        module.measure_removed(classifier, block, subject, PAIR_CUES, [endless], HEIGHT)

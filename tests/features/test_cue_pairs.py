"""Responses of channels to cues: against whole passes, resumed, and damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from xai_core.errors import ModelError
from xai_core.features import cue_pairs
from xai_core.features.blocks import activation_at, activations_at, blocks_of, default_blocks
from xai_core.features.cue_pairs import (
    CuePairs,
    Pair,
    measure,
    measure_all,
    read_pairs,
    write_pairs,
)
from xai_core.features.cues import choose
from xai_core.features.pairs import Subject, draw_pairs, subjects_of
from xai_core.model.classifier import Classifier

CUES = choose(("mass-margin:spiculated", "mass-contrast:1.5", "mass-enhancement:rim"))
HEIGHT = 112


def ignore(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def subject() -> Subject:
    return subjects_of(CUES, 1)["mass"][0]


@pytest.fixture(scope="module")
def measured(classifier: Classifier, subject: Subject) -> list[Pair]:
    return measure(classifier, default_blocks(classifier), subject, CUES, HEIGHT)


def test_several_blocks_in_one_pass_are_those_of_single_passes(
    classifier: Classifier, inputs: torch.Tensor
) -> None:
    chosen = [blocks_of(classifier)[k] for k in (0, 3, -1)]
    for block, found in zip(chosen, activations_at(classifier, inputs, chosen), strict=True):
        torch.testing.assert_close(found, activation_at(classifier, inputs, block))
        assert found.shape[1:] == (block.channels, block.side, block.side)


def test_responses_are_means_and_maxima_of_the_activation(
    classifier: Classifier, subject: Subject, measured: list[Pair]
) -> None:
    states, places = draw_pairs(subject, CUES, HEIGHT)
    for pair, place in zip(measured, places, strict=True):
        assert pair.pictures == (states[place[0]].digest, states[place[1]].digest)
        for k, index in enumerate(place):
            prepared = classifier.prepare(np.asarray(states[index].image / 255, np.float32))
            x = classifier.normalise(prepared.grey)
            parts = [activation_at(classifier, x, b)[0] for b in default_blocks(classifier)]
            mean = torch.cat([a.mean((1, 2)) for a in parts]).numpy()
            peak = torch.cat([a.flatten(1).max(1).values for a in parts]).numpy()
            np.testing.assert_allclose(pair.mean[k], mean, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(pair.peak[k], peak, rtol=1e-4, atol=1e-5)
            logits = classifier.predict(prepared).logits
            np.testing.assert_allclose(pair.logits[k], logits, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_a_small_change_of_a_channel(
    classifier: Classifier, subject: Subject, measured: list[Pair]
) -> None:
    states, places = draw_pairs(subject, CUES, HEIGHT)
    image = np.asarray(states[places[0][0]].image / 255, np.float32)
    x = classifier.normalise(classifier.prepare(image).grey)
    offset = 0
    for block in default_blocks(classifier):
        a = activation_at(classifier, x, block).double()
        tail = classifier.separate()
        tail.network.double()
        run = cue_pairs.tail_after(tail, block)
        k = int(np.abs(measured[0].gradient[offset : offset + block.channels]).argmax())
        moved = a.clone()
        moved[:, k] += 1e-4
        change = (run(moved) - run(a))[0]
        found = float((change[1] - change[0]) / 1e-4)
        assert measured[0].gradient[offset + k] == pytest.approx(found, rel=1e-2)
        offset += block.channels


def test_a_control_s_pictures_and_responses_are_equal(
    classifier: Classifier, measured: list[Pair]
) -> None:
    one, _, control = (CuePairs.of(c, [p], 1) for c, p in zip(CUES, measured, strict=True))
    assert one.seen
    assert one.effects[0] == pytest.approx(
        (measured[0].logits[1] - measured[0].logits[0]) @ [-1, 1]
    )
    assert not control.seen
    assert control.effects.tolist() == [0]
    assert (control.mean[:, 0] == control.mean[:, 1]).all()


def test_a_run_that_was_stopped_goes_on_to_the_same_pairs(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks, drawn = default_blocks(classifier), subjects_of(CUES, 2)
    whole = measure_all(classifier, blocks, CUES, drawn, tmp_path / "a", ignore, HEIGHT)
    assert [one.phantoms.tolist() for one in whole] == [[s.seed for s in drawn["mass"]]] * 3

    def stop(done: int, total: int, what: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_all(classifier, blocks, CUES[:1], drawn, tmp_path / "b", stop, HEIGHT)
    assert len(list((tmp_path / "b").iterdir())) == 1
    again = measure_all(classifier, blocks, CUES, drawn, tmp_path / "b", ignore, HEIGHT)
    for a, b in zip(whole, again, strict=True):
        np.testing.assert_allclose(a.mean, b.mean, rtol=1e-4, atol=1e-5)
        assert a.pictures == b.pictures
    monkeypatch.setattr(cue_pairs, "measure", None)  # everything is there
    third = measure_all(classifier, blocks, CUES[1:], drawn, tmp_path / "b", ignore, HEIGHT)
    assert (third[0].gradient == again[1].gradient).all()


def test_a_damaged_file_has_no_pairs(measured: list[Pair], tmp_path: Path) -> None:
    place = tmp_path / "a.safetensors"
    write_pairs(place, measured)
    (back, *_) = read_pairs(place)
    assert (back.cue, back.phantom) == (CUES[0].id, measured[0].phantom)
    assert (back.mean == measured[0].mean).all()
    content = place.read_bytes()
    for damaged in (b"", content[:100], content.replace(b'"cues"', b'"cuss"')):
        place.write_bytes(damaged)
        assert read_pairs(place) == []
    assert read_pairs(tmp_path / "missing") == []


def test_unusable_weights_are_told(
    classifier: Classifier, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = classifier.separate()
    with torch.no_grad():
        next(broken.network.parameters()).fill_(float("nan"))
    with pytest.raises(ModelError, match="is not a number"):
        measure(broken, default_blocks(broken), subject, CUES[:1], HEIGHT)

"""The study of cues as one file: the same again, small, and refused where it is none."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from xai_core.errors import BadRequest
from xai_core.features.blocks import Block
from xai_core.features.cue_pairs import CuePairs
from xai_core.features.cue_study import (
    FILE,
    CueEffect,
    CueStudy,
    encode_study,
    parts_of,
    read_study,
    study,
    write_study,
)
from xai_core.features.cues import CUES
from xai_core.features.directions import Removal, Variant

BLOCKS = Block(2, 8, 5, 6), Block(3, 2, 3, 3)


def pairs_of(k: int, effect: float, pairs: int = 12) -> CuePairs:
    rng = np.random.default_rng(k)
    mean = rng.normal(0, 1, (pairs, 2, 8)).astype(np.float32)
    mean[:, 1, 6] += 9 * effect
    logits = np.zeros((pairs, 2, 2))
    logits[:, 1, 1] = effect + rng.normal(0, 0.1, pairs)
    names = tuple((f"{k}a{i}", f"{k}b{i}") for i in range(pairs))
    return CuePairs(CUES[k], np.arange(pairs), names, mean, mean, mean[:, 0], logits, 1)


@pytest.fixture(scope="module")
def found() -> CueStudy:
    removals = [
        Removal(BLOCKS[0], Variant.PLAIN, CUES[0], CUES[0], 12, 1.0, 0.5, 1.5, 0.25),
        Removal(BLOCKS[1], Variant.ORTHOGONAL, CUES[0], CUES[9], 12, -1.0, math.nan, math.nan, 2.0),
    ]
    return study(BLOCKS, [pairs_of(0, 1.0), pairs_of(9, -1.0), pairs_of(4, 0.0)], removals)


def test_channels_of_blocks_follow_one_another() -> None:
    assert parts_of(BLOCKS) == (slice(0, 5), slice(5, 8))


def test_everything_is_there(found: CueStudy) -> None:
    assert [effect.reading for effect in found.effects] == ["up", "down", "neither"]
    assert found.answers.holds[:, 6].tolist() == [True, True, False]
    assert [len(one) for one in found.tcav] == [3, 3]
    (own,) = found.removals_of(BLOCKS[0], Variant.PLAIN, CUES[0].id)
    assert own.share == 0.75
    assert found.removals_of(BLOCKS[0], Variant.ORTHOGONAL, CUES[0].id) == ()


def test_an_effect_of_few_phantoms_has_no_reading() -> None:
    effect = CueEffect.of(pairs_of(0, 1.0, 9))
    assert (effect.pairs, effect.reading) == (9, "")


def test_the_file_gives_the_same_study(found: CueStudy, tmp_path: Path) -> None:
    write_study(tmp_path / FILE, found, {"weights": "0" * 64})
    began = time.perf_counter()
    back, identity = read_study(tmp_path / FILE)
    assert time.perf_counter() - began < 0.1
    assert identity == {"weights": "0" * 64}
    assert back.blocks == found.blocks
    assert back.effects == found.effects
    assert vars(back.removals[0]) == vars(found.removals[0])
    assert math.isnan(back.removals[1].low)
    assert back.removals[1].after == 2
    for name in ("auc", "shift", "low", "high", "p"):
        np.testing.assert_allclose(
            getattr(back.answers, name), getattr(found.answers, name), rtol=1e-6
        )
    assert (back.answers.holds == found.answers.holds).all()
    for a, b in zip(back.tcav[1], found.tcav[1], strict=True):
        assert (a.cue, a.p, a.reading) == (b.cue, b.p, b.reading)
        assert (a.scores == b.scores).all()


def test_a_study_of_all_cues_and_channels_is_small(found: CueStudy) -> None:
    """Answers take most of it: 5 numbers of 4 bytes for each cue, response and channel."""
    assert len(encode_study(found, {})) < 20_000
    assert 5 * 4 * len(CUES) * 2 * (384 + 768) < 4 * 2**20


def test_what_is_no_study_is_refused(found: CueStudy, tmp_path: Path) -> None:
    place = tmp_path / "cues" / FILE
    with pytest.raises(BadRequest, match="cues holds no study of cues"):
        read_study(place)
    whole = encode_study(found, {})
    tensors = load(whole)
    other = tensors["said"].tobytes().replace(b'"format": 1', b'"format": 9')
    unknown = tensors["said"].tobytes().replace(CUES[0].id.encode(), b"x" * len(CUES[0].id))
    del tensors["effects"]
    place.parent.mkdir()
    for content in (
        b"", whole[:-9], save(tensors),
        save({**load(whole), "said": np.frombuffer(other, np.uint8)}),
        save({**load(whole), "said": np.frombuffer(unknown, np.uint8)}),
    ):  # fmt: skip
        place.write_bytes(content)
        with pytest.raises(BadRequest, match="cues holds no study of cues"):
            read_study(place)

"""The study of cues as tables and document, worked by hand; and a whole small run."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xai_core.features.blocks import Block, default_blocks
from xai_core.features.cue_study import CueEffect, CueStudy
from xai_core.features.cue_tests import Answers
from xai_core.features.cues import CUES, choose
from xai_core.features.directions import Removal, Variant
from xai_core.features.pairs import subjects_of
from xai_core.features.tcav import Tcav
from xai_core.model.classifier import Classifier
from xai_core.study.cues import (
    CHANNEL_COLUMNS,
    CUE_COLUMNS,
    DIRECTION_COLUMNS,
    HEAD,
    agreement,
    channel_rows,
    cue_rows,
    direction_rows,
    markdown,
    run,
    shares,
)

BLOCKS = Block(2, 8, 2, 6), Block(3, 2, 1, 3)
SPICULES = next(cue for cue in CUES if cue.id == "mass-margin:spiculated")
OTHER = next(cue for cue in CUES if cue.id == "mass-shape:irregular")
NEAR = next(cue for cue in CUES if cue.id == "mass-margin:obscured")
CONTROL = next(cue for cue in CUES if cue.control)


def removal(cue: object, after: float, low: float = 1.0) -> Removal:
    return Removal(BLOCKS[0], Variant.PLAIN, SPICULES, cue, 12, 2.0, low, 3.0, after)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found() -> CueStudy:
    """Two cues, three channels: spicules hold for channel 1 of the first block, by its peak."""
    shape = (2, 2, 3)
    p, shift = np.ones(shape), np.zeros(shape)
    p[0, 1, 1], shift[0, 1, 1], shift[0, 0, 0] = 0.01, -1.5, 0.3
    answers = Answers(
        (SPICULES, CONTROL), np.full(shape, 0.5), shift, shift - 1, shift + 1, p, 0.045
    )
    up = Tcav(SPICULES.id, np.full(30, 0.9), np.full(30, 0.5), 0.001)
    none = Tcav(CONTROL.id, np.full(30, np.nan), np.full(30, np.nan), math.nan)
    effects = (
        CueEffect(SPICULES, 12, 2.0, 1.0, 3.0, True), CueEffect(CONTROL, 12, 0.0, 0.0, 0.0, False),
    )  # fmt: skip
    removals = removal(SPICULES, 0.2), removal(CONTROL, 2.1)
    return CueStudy(BLOCKS, effects, answers, ((up, none), (replace(up, p=0.5), none)), removals)


def test_rows_of_cues_worked_by_hand(found: CueStudy) -> None:
    rows = [dict(zip(CUE_COLUMNS, row, strict=True)) for row in cue_rows(found)]
    assert [(row["cue"], row["block"]) for row in rows[:2]] == [
        (SPICULES.id, "stages.2.blocks.8"), (SPICULES.id, "stages.3.blocks.2"),
    ]  # fmt: skip
    first, second, control, _ = rows
    assert (first["channels"], first["strongest"], first["shift"]) == (1, 1, -1.5)
    assert first["plain_own"] == pytest.approx(0.9)
    assert first["plain_others"] == first["plain_most"] == pytest.approx(0.05)
    assert first["orthogonal_own"] is None
    assert (first["tcav_reading"], first["agrees"]) == ("up", "yes")
    assert (second["tcav_reading"], second["agrees"]) == ("neither", "no")
    assert (control["tcav"], control["agrees"], control["seen"]) == (None, "", False)


def test_rows_of_channels_and_directions(found: CueStudy) -> None:
    rows = [dict(zip(CHANNEL_COLUMNS, row, strict=True)) for row in channel_rows(found)]
    assert [(row["block"], row["channel"], row["cues"]) for row in rows] == [
        ("stages.2.blocks.8", 0, 0), ("stages.2.blocks.8", 1, 1), ("stages.3.blocks.2", 0, 0),
    ]  # fmt: skip
    assert (rows[1]["cue"], rows[1]["response"], rows[1]["p"]) == (SPICULES.id, "peak", 0.01)
    assert [row["unexplained"] for row in rows] == [True, False, True]
    (own, _) = (dict(zip(DIRECTION_COLUMNS, row, strict=True)) for row in direction_rows(found))
    assert (own["removed"], own["share"], own["clear"]) == (SPICULES.id, 0.9, True)


def test_shares_are_of_clear_effects_and_of_other_groups() -> None:
    rows = [
        removal(SPICULES, 0.5), removal(OTHER, 1.0), removal(CONTROL, 2.2), removal(NEAR, 0.0),
        removal(CUES[-1], 9.0, low=-1.0),
    ]  # fmt: skip
    assert shares(rows) == (0.75, pytest.approx(0.3), 0.5)
    assert all(math.isnan(one) for one in shares([]))
    assert math.isnan(shares([removal(SPICULES, 0.5, low=-1.0)])[0])


def test_agreement_is_of_readings() -> None:
    effect = CueEffect(SPICULES, 12, -1.0, -2.0, -0.5, True)
    down = Tcav("", np.full(3, 0.1), np.full(3, 0.5), 0.01)
    assert agreement(effect, down) == "yes"
    assert agreement(effect, replace(down, p=0.5)) == "no"
    assert agreement(replace(effect, high=1.0), replace(down, p=0.5)) == "yes"
    assert agreement(replace(effect, low=math.nan), down) == ""


def test_the_document(found: CueStudy) -> None:
    text = markdown(found, "A last sentence.")
    assert "Stage 3 Block 9: 1 of 2 channels answer to a cue; 1 are unexplained." in text
    line = (
        "| mass margin | circumscribed | spiculated | 12 | +2.00 [+1.00 to +3.00] | 1 | 1 (-1.50) "
        "| 90 % | 5 %, 5 % | - | -, - | 0.90 (0.50) | up | yes |"
    )
    assert line in text
    assert "1 of 1 cue with a clear effect lose 80% of it or more" in text
    assert "of 1 effects of other groups' cues 1 lose 10% or less" in text
    assert "TCAV agrees with the pairs in 0 of 1 cues." in text
    assert "1 control, which only the recombined image shows: 0 channels answer." in text
    assert "permuted 4.5 % of runs" in text
    assert text.endswith("- A last sentence.\n")
    lines = [one for one in text.splitlines() if one.startswith("| ")]
    assert all(one.count("|") == len(HEAD) + 1 for one in lines)


def test_a_small_run(tiny_weights: Path, tmp_path: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu", chunk=8)
    blocks = default_blocks(classifier)
    cues = choose(("mass-margin:spiculated", "mass-enhancement:rim"))
    drawn, steps = subjects_of(cues, 2), list[tuple[int, int]]()
    found = run(
        classifier, blocks, cues, drawn, 2, tmp_path,
        lambda done, total, what: steps.append((done, total)), 112,
    )  # fmt: skip
    assert steps == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]
    assert {(one.block, one.pairs) for one in found.removals} == {(b, 2) for b in blocks}
    assert len(list((tmp_path / "removed" / "stages.2.blocks.5").iterdir())) == 2
    assert not found.answers.holds[1].any()
    fewer = run(classifier, blocks, cues, drawn, 0, tmp_path, lambda *_: None, 112)
    assert {one.block for one in fewer.removals} == {blocks[-1]}
    assert (fewer.answers.p == found.answers.p).all()
    assert len(markdown(found).splitlines()) > 10

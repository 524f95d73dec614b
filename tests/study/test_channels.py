"""What channels carry over several cases: worked by hand, and on a small network."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.features.ablation import Ablations, ChannelProbe, CumulativeAblation
from xai_core.features.blocks import Block, default_blocks
from xai_core.features.channels import Scale
from xai_core.model.classifier import Classifier
from xai_core.model.spec import ModelSpec, read_spec
from xai_core.statistics.bootstrap import mean_interval
from xai_core.study.channels import (
    ALONE_HEAD,
    ORDERS,
    TOGETHER_HEAD,
    Mean,
    MeasuredBlock,
    MeasuredCase,
    alone,
    markdown,
    measure,
    together,
)
from xai_core.types import Pathology

BLOCK = Block(2, 0, 3, 1)


@pytest.fixture
def spec(tiny_weights: Path) -> ModelSpec:
    return dataclasses.replace(read_spec(tiny_weights), threshold=0.5)


def logits(*values: float) -> np.ndarray:
    """Margins as logits 0 and the margin."""
    return np.stack([np.zeros(len(values)), np.array(values)], 1)


def measured(name: str, plain: float, without: tuple[float, ...], estimate: list[float],
             most: float, least: float, random: tuple[float, float]) -> MeasuredCase:  # fmt: skip
    """Three channels; margins without each, and without one of them in four orders."""
    found = Ablations(np.array(estimate), logits(*without), logits(plain)[0], 1)
    curves = CumulativeAblation((1,), logits(most), logits(least), logits(*random)[:, None])
    return MeasuredCase(name, f"P{name}", True, (MeasuredBlock(BLOCK, found, curves),))


CASES = [
    measured("a", 2, (1, 2.5, -1), [-1, 0.5, -3], -1, 2.5, (1, -1)),
    measured("b", -1, (-1, -4, -2), [1, 0, 2], -4, -1, (-2, -4)),
]


def test_single_channels_worked_by_hand(spec: ModelSpec) -> None:
    """Effects -1, 0.5, -3 and 0, -3, -1: means of magnitude 1.5 and 4/3; only in a, channel 2
    changes the decision.  The estimates agree in order in a; in b they rank (2, 1, 3) where the
    effects rank (3, 1, 2): 1 - 6 (1 + 0 + 1) / 24 = 0.5."""
    (found,) = alone(CASES, spec)
    assert found.block == BLOCK
    assert found.effect.value == pytest.approx((1.5 + 4 / 3) / 2)
    assert (found.largest, found.channel, found.case_id) == (-3, 2, "a")
    assert (found.flipped.part, found.flipped.whole) == (1, 2)
    assert found.agreement == pytest.approx(0.75)


def test_channels_together_worked_by_hand(spec: ModelSpec) -> None:
    """Of 2 and -1: most important first changes 3 and 3, least 0.5 and 0; the random orders 1 and
    3, 1 and 3.  Only a's decision changes: most important first, and in one of two orders."""
    (found,) = together(CASES, spec)
    assert (found.block, found.count) == (BLOCK, 1)
    assert [mean.value for mean in found.change] == [3, 0.25, 2]
    assert found.flipped == (0.5, 0, 0.25)


def test_the_mean_has_an_interval_by_patient() -> None:
    few = Mean.of([1.0, 2], ["p", "q"])
    assert few.value == 1.5
    assert math.isnan(few.low)
    assert str(few) == "1.5000 (-)"
    values, patients = list(np.arange(20.0)), [f"p{i // 2}" for i in range(20)]
    many = Mean.of(values, patients)
    assert (many.low, many.high) == mean_interval(values, patients, seed=0)
    assert str(many) == f"9.5000 ({many.low:.4f} to {many.high:.4f})"


def test_a_row_for_each_channel(spec: ModelSpec) -> None:
    rows = list(CASES[0].rows(spec))
    assert [row["channel"] for row in rows] == [0, 1, 2]
    assert rows[2] == {
        "case_id": "a", "patient_id": "Pa", "malignant": True, "block": "stages.2.blocks.0",
        "channel": 2, "effect": -3.0, "first_order": -3.0, "logit_0": 0.0, "logit_1": -1.0,
        "decision_changes": True,
    }  # fmt: skip
    assert [row["decision_changes"] for row in rows] == [False, False, True]


def test_the_document_has_a_table_of_channels_and_one_for_each_block(spec: ModelSpec) -> None:
    text = markdown(CASES, "my | cases", True, spec)
    assert text.startswith("# What channels carry, on my \\| cases\n")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert lines[1] == (
        "| Stage 3 Block 1 | 3 | 1.4167 (-) | -3.0000 | channel 2, a | 1 / 2, 50.0 % (-) | 0.750 |"
    )
    assert lines[3] == ("| 1 | 3.0000 (-) | 0.2500 (-) | 2.0000 (-) | 50.0 % | 0.0 % | 25.0 % |")
    assert [line.count("|") - 1 for line in lines] == [
        len(head) for head in (ALONE_HEAD, ALONE_HEAD, TOGETHER_HEAD, TOGETHER_HEAD)
    ]
    assert "2 phantoms of known pathology" in text
    assert "never trained without" in text


def test_no_agreement_where_effects_are_constant(spec: ModelSpec) -> None:
    flat = measured("a", 2, (2, 2, 2), [0, 0, 0], 2, 2, (2, 2))
    assert math.isnan(alone([flat], spec)[0].agreement)
    assert markdown([flat], "x", False, spec).count("| - |") == 1


def test_a_case_is_measured_at_every_block(tiny_weights: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu", chunk=40)
    case = make_case(pathology=Pathology.BENIGN)
    blocks = default_blocks(classifier)
    found = measure(classifier, blocks, case)
    assert not found.malignant
    assert [one.block for one in found.blocks] == list(blocks)
    inputs = classifier.normalise(classifier.prepare(case.image).grey)
    for one in found.blocks:
        probe = ChannelProbe.of(classifier, inputs, one.block)
        channels = one.block.channels
        assert one.alone.exact.all()
        np.testing.assert_allclose(one.alone.logits[3], probe.edited([Scale((3,))]), atol=1e-6)
        assert one.together.counts[-1] == channels
        assert one.together.random.shape == (ORDERS, len(one.together.counts), 2)
        # With all of them off no order matters.
        nothing = probe.edited([Scale(tuple(range(channels)))])
        for curve in (one.together.most, one.together.least, *one.together.random):
            np.testing.assert_allclose(curve[-1], nothing, atol=1e-5)
    again = measure(classifier, blocks, case)
    np.testing.assert_array_equal(again.blocks[0].together.random, found.blocks[0].together.random)

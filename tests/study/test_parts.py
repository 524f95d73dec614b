"""The effect of disabled parts: against whole passes of edited networks, and worked by hand."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.model.classifier import Classifier
from xai_core.model.edits import KINDS, PartEdit, applied
from xai_core.model.spec import ModelSpec, read_spec
from xai_core.study.parts import HEAD, ScoredGroups, effects, groups_of, markdown, score
from xai_core.types import Pathology

FIRST, SECOND = (PartEdit(2, 0, "grn"),), (PartEdit(2, 0, "block"), PartEdit(3, 1, "block"))


@pytest.fixture
def spec(tiny_weights: Path) -> ModelSpec:
    return read_spec(tiny_weights)


def test_groups_are_single_edits_and_then_the_last_blocks_together(tiny_weights: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    blocks = sum(len(stage.blocks) for stage in classifier.network.stages)  # type: ignore[union-attr]
    groups = groups_of(classifier)
    assert len(groups) == len(set(groups)) == len(KINDS) * (2 * blocks - 1)
    assert {len(group) for group in groups} == set(range(1, blocks + 1))


def test_a_case_s_scores_are_those_of_the_edited_network(tiny_weights: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    own = classifier.separate()
    case = make_case(pathology=Pathology.MALIGNANT)
    scored = score(own, [FIRST, SECOND], case, maps=True)
    assert scored.malignant
    np.testing.assert_allclose(scored.plain, classifier.predict(own.prepare(case.image)).logits,
                               atol=1e-5)  # fmt: skip
    for group, logits in zip([FIRST, SECOND], scored.edited, strict=True):
        with applied(own.network, group):
            edited = own.predict(own.prepare(case.image)).logits
        np.testing.assert_allclose(logits, edited, atol=1e-5)
    assert scored.agreement is not None
    assert (np.abs(scored.agreement) <= 1).all()
    rows = list(scored.rows([FIRST, SECOND]))
    assert [row["blocks"] for row in rows] == ["", "3.1", "3.1 4.2"]
    assert rows[1]["logit_1"] == scored.edited[0, 1]
    # What was edited is the copy alone.
    np.testing.assert_array_equal(
        classifier.predict(own.prepare(case.image)).logits,
        Classifier.open(tiny_weights, "cpu").predict(own.prepare(case.image)).logits,
    )


def scored(name: str, malignant: bool, margin: float, edited: float, r: float) -> ScoredGroups:
    pair = [[0.0, margin], [0.0, edited]]
    return ScoredGroups(
        name, name, malignant, np.array(pair[0]), np.array([pair[1]]), np.array([r])
    )


CASES = [
    scored("a", True, 2.0, 1.0, 0.5),
    scored("b", True, 1.0, -1.0, math.nan),
    scored("c", False, -1.0, 0.5, 0.7),
]


def test_effects_worked_by_hand(spec: ModelSpec) -> None:
    """Margins 2, 1, -1 become 1, -1, 0.5: changes of 1, 2 and 1.5; b and c change sides.  Of the
    edited scores 1 and -1 of malignant cases one of two is above the benign one's 0.5."""
    plain, edited = effects(CASES, [FIRST], dataclasses.replace(spec, threshold=0.5))
    assert (plain.change, plain.flipped, plain.auc) == (0, 0, 1)
    assert (plain.sensitivity, plain.specificity) == (1, 1)
    assert edited.change == pytest.approx(1.5)
    assert edited.flipped == pytest.approx(2 / 3)
    assert edited.auc == pytest.approx(0.5)
    assert (edited.sensitivity, edited.specificity) == (0.5, 0)
    assert edited.agreement == pytest.approx(0.6)


def test_the_document_has_the_largest_change_first_and_a_line_for_each_depth(
    spec: ModelSpec,
) -> None:
    cases = [dataclasses.replace(c, edited=np.array([[0, 0], [0, 9], [0, 1]]), agreement=None)
             for c in CASES]  # fmt: skip
    groups = [FIRST, (PartEdit(0, 0, "norm"),), SECOND]
    text = markdown(effects(cases, groups, spec), "my | cases", True, 3, 0)
    assert text.startswith("# What each part of the network carries, on my \\| cases\n")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.count("|") == len(HEAD) + 1 for line in lines)
    titles = [line.split(" | ")[0].removeprefix("| ") for line in lines]
    assert titles == [
        "part", "the network as it is", "Stage 1 Block 1: " + KINDS["norm"],
        "Stage 3 Block 1: " + KINDS["grn"], "part", "last 2 blocks: " + KINDS["block"],
    ]  # fmt: skip
    assert "3 phantoms of known pathology" in text
    assert "never trained so" in text

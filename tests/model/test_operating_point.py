"""What decides the predicted class, and what must be said beside this model's curves."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from xai_core.errors import BadRequest, BadWeights
from xai_core.model.classifier import Classifier
from xai_core.model.spec import ModelSpec, read_spec
from xai_core.settings import DEFAULT_WEIGHTS, ROOT
from xai_core.types import Prediction


@pytest.fixture
def spec(tiny_weights: Path) -> ModelSpec:
    return read_spec(tiny_weights)


def test_the_larger_logit_is_the_rule_of_two_classes_at_one_half(spec: ModelSpec) -> None:
    assert spec.decision_rule() == spec.decision_note() == "the larger logit"
    for logits in ((0.1, 0.2), (0.2, 0.1), (3.0, 3.0), (-5.0, -5.000001)):
        larger = 1 if logits[1] >= logits[0] else 0
        assert Prediction(logits).predicted(spec.threshold, spec.positive) == larger


def test_the_rule_of_other_weights(spec: ModelSpec) -> None:
    older = dataclasses.replace(spec, threshold=0.286)
    assert older.decision_note() == "P(malignant) at least 0.286 (the weights' own)"
    three = dataclasses.replace(spec, class_names=("normal", "benign", "malignant"), positive=2)
    assert three.decision_rule() == (
        "P(malignant) at least 0.5, else the likeliest of the other classes"
    )


def test_another_operating_point_names_who_set_it(spec: ModelSpec) -> None:
    other = spec.with_threshold(0.3, "XAI_THRESHOLD")
    assert other.threshold == 0.3
    assert other.decision_rule() == "P(malignant) at least 0.3"
    assert other.decision_note() == "P(malignant) at least 0.3 (set by XAI_THRESHOLD)"
    assert other.set_decision() == other.decision_note()
    assert other.with_threshold(0.5, "--threshold").decision_note() == (
        "the larger logit (set by --threshold)"
    )
    for same in (spec.with_threshold(None, "--threshold"), spec.with_threshold(0.5, "x")):
        assert same == spec
        assert same.set_decision() == ""


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.5, math.nan, math.inf])
def test_a_threshold_that_is_no_probability_is_refused(spec: ModelSpec, value: float) -> None:
    with pytest.raises(BadRequest, match=r"^--threshold is .* above 0 and below 1"):
        spec.with_threshold(value, "--threshold")


def test_it_is_not_written_into_the_weights_specification(
    spec: ModelSpec, tiny_weights: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    spec.with_threshold(0.3, "XAI_THRESHOLD").write(path)
    raw = json.loads(path.read_text())
    assert raw["threshold"] == 0.3
    assert "threshold_set_by" not in raw
    path.write_text(json.dumps(raw | {"threshold_set_by": "me"}))
    with pytest.raises(BadWeights, match="threshold_set_by"):
        read_spec(path.with_suffix(".safetensors"))
    opened = Classifier.open(tiny_weights, "cpu", threshold=0.3)
    assert opened.spec == spec.with_threshold(0.3, "XAI_THRESHOLD")


def test_the_curves_note_says_how_many_pictures_were_blurred(spec: ModelSpec) -> None:
    assert spec.curves_note() == ""
    note = dataclasses.replace(spec, blurred_share=0.12).curves_note()
    assert note.startswith("12 % of this model's training pictures were blurred in patches")
    assert "labelled benign" in note
    assert "flattered" in note


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, "0.1", True])
def test_a_share_that_is_none_is_refused(spec: ModelSpec, share: object) -> None:
    with pytest.raises(BadWeights, match="blurred_share"):
        dataclasses.replace(spec, blurred_share=share)  # type: ignore[arg-type]


def test_the_built_in_weights_are_calibrated_and_their_card_says_so() -> None:
    spec = read_spec(DEFAULT_WEIGHTS)
    assert spec.decision_note() == "the larger logit"
    assert bool(spec.curves_note()) == bool(spec.blurred_share)
    card = (ROOT / "docs" / "model_card.md").read_text(encoding="utf-8")
    found, after = spec.calibration, spec.metrics["validation"]
    for text in (
        spec.training_command, found.get("command", ""), found.get("parent", "")[:16],
        f"temperature ({found['temperature']:.3f}) and a bias ({found['bias']:+.3f})",
        f"{after['auc']:.3f} ({after['low']:.3f} to {after['high']:.3f}) | "
        f"{100 * after['sensitivity']:.1f} % | {100 * after['specificity']:.1f} % | "
        f"{after['calibration_error']:.3f}",
    ):  # fmt: skip
        assert text in card

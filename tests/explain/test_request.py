"""Requests: validation, and fields that are equal exactly for requests with equal results."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from xai_core.cam.options import RESERVED
from xai_core.errors import BadRequest
from xai_core.explain.identity import decision_fields
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.model.spec import read_spec
from xai_core.types import Prediction

BASE = ExplainRequest()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"method": "lime"}, "grad-cam"),
        ({"layer": "x" * 81}, "at most 80"),
        ({"target": "x" * 81}, "at most 80"),
        ({"curves": "some"}, "adaptive, fine, full"),
        ({"ties": "first"}, "expected, by-index"),
        ({"levels": ()}, "1 to 64"),
        ({"levels": (0.0,)}, "above 0"),
        ({"levels": (101.0,)}, "at most 100"),
        ({"levels": (float("nan"),)}, "above 0"),
        ({"channels": 0}, "at least 1"),
    ],
)
def test_invalid_values_raise_bad_request_naming_allowed_ones(
    change: dict[str, object], word: str
) -> None:
    with pytest.raises(BadRequest, match=word):
        CaseRequest("a").change(**change)


def test_unknown_class_raises_bad_request_naming_allowed_ones() -> None:
    asked = dataclasses.replace(BASE, target="cyst")
    with pytest.raises(BadRequest, match="'cyst'; allowed are predicted, benign, malignant"):
        asked.target_class(Prediction((0.0, 1.0)), 0.5)
    names = ("cancer", "cyst", "normal")
    assert asked.target_class(Prediction((0.0, 1.0, 2.0)), 0.5, names, 0) == 1


def test_levels_are_sorted_and_unique() -> None:
    assert BASE.with_options(levels=(5, 1, 5.0)).option("levels") == (1.0, 5.0)


def test_fields_depend_on_every_relevant_parameter() -> None:
    hybrid = dataclasses.replace(BASE, method="hybrid-cam")
    score = dataclasses.replace(BASE, method="score-cam")
    different = [
        BASE, hybrid, score,
        dataclasses.replace(BASE, layer="stages.3.blocks.2"),
        dataclasses.replace(BASE, target="malignant"),
        dataclasses.replace(BASE, curves="full"),
        dataclasses.replace(BASE, curves="fine"),
        dataclasses.replace(BASE, ties="by-index"),
        dataclasses.replace(BASE, reliability=True),
        hybrid.with_options(levels=(1.0,)),
        score.with_options(channels=3),
    ]  # fmt: skip
    assert len({json.dumps(r.fields(), sort_keys=True) for r in different}) == len(different)


def test_parameters_that_the_method_does_not_read_are_ignored() -> None:
    other = BASE.with_options(levels=(1.0,), channels=5)
    assert other.fields() == BASE.fields()
    assert other.canonical() == BASE
    assert CaseRequest("a", other).canonical() == CaseRequest("a")
    without = dataclasses.replace(BASE, curves="none")
    assert dataclasses.replace(without, ties="by-index").canonical() == without


def test_fields_hold_nothing_of_other_methods() -> None:
    """A new method's options change no request of the methods that are there."""
    read = {"method", "layer", "target", "curves", "ties", "reliability"}
    assert set(BASE.fields()) == read
    assert set(dataclasses.replace(BASE, method="hybrid-cam").fields()) == {*read, "levels"}


def test_no_option_may_have_the_name_of_a_request_s_field(tiny_weights: Path) -> None:
    spec = read_spec(tiny_weights)
    assert {*BASE.fields(), *decision_fields(spec), "image_sha256"} <= RESERVED


def test_the_predicted_class_follows_the_threshold() -> None:
    prediction = Prediction((0.0, 1.0))  # P(malignant) = 0.731
    assert BASE.target_class(prediction, 0.5) == 1
    assert BASE.target_class(prediction, 0.8) == 0
    assert dataclasses.replace(BASE, target="benign").target_class(prediction, 0.5) == 0
    three = Prediction((1.0, 0.0, 0.5))  # P = 0.506, 0.186, 0.307
    assert BASE.target_class(three, 0.5, ("a", "b", "c"), 0) == 0
    assert BASE.target_class(three, 0.6, ("a", "b", "c"), 0) == 2
    assert three.probabilities == pytest.approx((0.5065, 0.1863, 0.3072), abs=1e-4)
    assert three.other_logit(0) == 0.5
    with pytest.raises(BadRequest, match="at least two"):
        Prediction((1.0,))

"""The identity of a model and its preparation: nothing kept under another one is used."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

import xai_core
from tests.conftest import TINY_LAYERS, make_case, random_weights
from xai_core.explain.explainer import Explainer
from xai_core.explain.identity import (
    decision_fields,
    model_digest,
    model_identity,
    software,
    software_line,
)
from xai_core.explain.request import ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.model.spec import ModelSpec, file_digest, read_spec
from xai_core.preprocessing import letterbox
from xai_core.scoring.disk_store import DiskStore


@pytest.fixture
def spec(tiny_weights: Path) -> ModelSpec:
    return read_spec(tiny_weights)


def variant(tiny_weights: Path, folder: Path, **fields: Any) -> Classifier:
    """The small network with other values in its specification."""
    folder.mkdir()
    path = folder / "model.safetensors"
    shutil.copy(tiny_weights, path)
    dataclasses.replace(read_spec(tiny_weights), **fields).write(path.with_suffix(".json"))
    return Classifier.open(path, "cpu")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64}, {"timm_name": "convnextv2_pico"}, {"input_size": 128},
        {"mean": (0.3, 0.25, 0.25)}, {"std": (0.3, 0.2, 0.2)},
    ],
)  # fmt: skip
def test_every_value_that_logits_depend_on_is_part_of_it(
    spec: ModelSpec, change: dict[str, Any]
) -> None:
    assert model_digest(dataclasses.replace(spec, **change)) != model_digest(spec)


def test_preparation_and_baseline_are_part_of_it(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model_digest(spec)
    assert "sigma 35 px" in model_identity(spec)["baseline"]
    monkeypatch.setattr(letterbox, "VERSION", letterbox.VERSION + 1)
    assert model_digest(spec) != before


def test_the_threshold_is_part_of_decisions_alone(spec: ModelSpec) -> None:
    other = dataclasses.replace(spec, threshold=0.4)
    assert model_digest(other) == model_digest(spec)
    assert decision_fields(other) != decision_fields(spec)


def test_the_software_is_named_with_its_versions() -> None:
    named = software()
    assert named["xai_core"] == xai_core.__version__
    assert named["numpy"] == np.__version__
    assert {"python", "torch", "timm"} <= named.keys()
    assert f"numpy {np.__version__}; " in software_line()


@pytest.mark.parametrize("change", [{"mean": (0.5,) * 3}, {"std": (0.4,) * 3}])
def test_scores_of_another_normalisation_are_not_used(
    tiny_weights: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    case, request = make_case(), ExplainRequest("score-cam", curves="adaptive")
    store = tmp_path / "store"
    first = variant(tiny_weights, tmp_path / "a")
    second = variant(tiny_weights, tmp_path / "b", **change)
    Explainer(first, DiskStore(store)).explain(case, request)
    answer = Explainer(second, DiskStore(store)).explain(case, request)
    alone = Explainer(second).explain(case, request)
    assert answer.forwards == alone.forwards, "nothing kept was of use"
    assert answer.prediction == alone.prediction
    assert answer.heatmap is not None
    assert alone.heatmap is not None
    assert (answer.heatmap.values == alone.heatmap.values).all()


def test_two_networks_in_one_store_keep_their_own_scores(
    tiny_weights: Path, tmp_path: Path
) -> None:
    other = random_weights(tmp_path / "femto.safetensors", "convnextv2_femto", layers=TINY_LAYERS)
    case, request = make_case(), ExplainRequest("grad-cam", curves="adaptive")
    answers = []
    for path in (tiny_weights, other, tiny_weights, other):
        explainer = Explainer(Classifier.open(path, "cpu"), DiskStore(tmp_path / "store"))
        answers.append(explainer.explain(case, request))
    assert [a.forwards > 0 for a in answers] == [True, True, False, False]
    assert answers[0].prediction == answers[2].prediction != answers[1].prediction
    assert answers[1].prediction == answers[3].prediction


def test_score_cam_of_other_weights_is_not_taken_from_memory(
    tiny_weights: Path, tmp_path: Path
) -> None:
    """The same network, trained a little further: equal keys of masks, classes and options."""
    other = tmp_path / "other.safetensors"
    tensors = load_file(tiny_weights)
    save_file({k: v * (0.9 if k.endswith("fc2.weight") else 1) for k, v in tensors.items()}, other)
    spec = dataclasses.replace(read_spec(tiny_weights), sha256=file_digest(other))
    spec.write(other.with_suffix(".json"))
    case = make_case()
    request = ExplainRequest("score-cam", target="malignant", curves="none").with_options(
        channels=6
    )
    store = tmp_path / "store"
    kept = [
        Explainer(Classifier.open(path, "cpu"), DiskStore(store)).explain(case, request)
        for path in (tiny_weights, other, tiny_weights, other)
    ]
    assert [answer.forwards > 0 for answer in kept] == [True, True, False, False]
    raws = [answer.heatmap.raw for answer in kept if answer.heatmap is not None]
    for i, path in enumerate((tiny_weights, other)):
        alone = Explainer(Classifier.open(path, "cpu")).explain(case, request).heatmap
        assert alone is not None
        np.testing.assert_allclose(raws[i], alone.raw, rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(raws[i + 2], raws[i])
    assert not np.allclose(raws[0], raws[1], rtol=1e-3)

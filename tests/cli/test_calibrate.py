"""Finished weights are calibrated: the file, its specification, what is printed, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import TINY_SIZE, random_weights
from xai_core.model.spec import file_digest, read_spec
from xai_core.model.weights import load
from xai_core.phantom.tissue import Background, draw_background
from xai_core.statistics.recalibration import recalibrate
from xai_core.training import data
from xai_core.training.validate import as_exported, validation_logits

from .conftest import Run

SEED, COUNT = 3, 30


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [draw_background(i, v, 160) for i, v in enumerate(("CC", "MLO"))]


@pytest.fixture
def drawn(tissue: list[Background], monkeypatch: pytest.MonkeyPatch) -> list[Background]:
    """Small backgrounds in place of the validation split's, which take minutes to draw."""
    backgrounds = [tissue[i % len(tissue)] for i in range(COUNT)]

    def stand_in(folder: Path, split: str, count: int, workers: int) -> list[Background]:
        assert (split, count) == ("validation", COUNT)
        return backgrounds

    monkeypatch.setattr(data, "make_backgrounds", stand_in)
    return backgrounds


@pytest.fixture
def finished(drawn: list[Background], tmp_path: Path) -> Path:
    """Weights whose logits rise with the class on these phantoms, with a share of blurred ones."""
    path = random_weights(tmp_path / "finished.safetensors")
    logits, truth = logits_of(path, drawn)
    difference = logits[:, 1] - logits[:, 0]
    if difference[truth > 0.5].mean() < difference[truth < 0.5].mean():
        tensors = load_file(path)
        for name in ("head.fc.weight", "head.fc.bias"):
            tensors[name] = tensors[name].flip(0).contiguous()
        save_file(tensors, path)
    raw = json.loads(path.with_suffix(".json").read_text())
    raw |= {"sha256": file_digest(path), "threshold": 0.286, "blurred_share": 0.12}
    raw |= {"metrics": {"steps": {"images": 7}}}
    path.with_suffix(".json").write_text(json.dumps(raw))
    return path


def logits_of(path: Path, backgrounds: list[Background]) -> tuple[np.ndarray, np.ndarray]:
    network = as_exported(load(path)[1])
    return validation_logits(network, backgrounds, SEED, TINY_SIZE, torch.device("cpu"))


def test_the_written_weights_are_the_fit_and_nothing_else(
    run: Run, finished: Path, drawn: list[Background], tmp_path: Path
) -> None:
    out = tmp_path / "calibrated.safetensors"
    words = ("calibrate", "--weights", finished, "--validation", COUNT, "--seed", SEED)
    result = run(*words, "--out", out, "--work", tmp_path / "work")
    assert result.exit_code == 0, result.stderr
    before, truth = logits_of(finished, drawn)
    after, _ = logits_of(out, drawn)
    fit = recalibrate(truth > 0.5, before[:, 1] - before[:, 0])
    expected = before / fit.temperature + np.array([-fit.bias / 2, fit.bias / 2])
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-5)
    old, new = load_file(finished), load_file(out)
    for name, value in new.items():
        if not name.startswith("head.fc."):
            assert torch.equal(value.float(), old[name].half().float()), name

    parent, spec = read_spec(finished), read_spec(out)
    assert (parent.threshold, spec.threshold, spec.decision_rule()) == (
        0.286, 0.5, "the larger logit",
    )  # fmt: skip
    assert spec.calibration["parent"] == parent.sha256
    assert spec.calibration["temperature"] == pytest.approx(fit.temperature, rel=1e-5)
    assert spec.calibration["bias"] == pytest.approx(fit.bias, abs=1e-5)
    assert spec.calibration["command"] == (
        f"python -m xai_core calibrate --weights finished.safetensors --validation {COUNT} "
        f"--seed {SEED} --device cpu --out calibrated.safetensors"
    )
    for same in ("training_command", "training_data", "blurred_share", "layers", "licence"):
        assert getattr(spec, same) == getattr(parent, same)
    assert spec.metrics["steps"] == {"images": 7}
    figures, earlier = spec.metrics["validation"], spec.calibration["before"]
    assert (figures["threshold"], earlier["threshold"]) == (0.5, 0.286)
    assert figures["auc"] == pytest.approx(earlier["auc"])
    called = after[:, 1] >= after[:, 0]
    assert figures["sensitivity"] == pytest.approx(called[truth > 0.5].mean())
    assert figures["specificity"] == pytest.approx((~called[truth < 0.5]).mean())
    assert f"temperature {fit.temperature:.3f}, bias {fit.bias:+.3f}" in result.stdout
    assert f"fitted to {COUNT} validation phantoms, {int(truth.sum())} of them malignant" in (
        result.stdout
    )
    assert "before, at P = 0.286: AUC" in result.stdout
    assert "after, at the larger logit: AUC" in result.stdout

    refused = run(*words, "--out", out)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr


@pytest.mark.parametrize(
    ("out", "word"), [("in.safetensors", "another file"), ("out.pt", "safetensors")]
)
def test_an_unsuitable_name_is_refused(run: Run, tmp_path: Path, out: str, word: str) -> None:
    weights = random_weights(tmp_path / "in.safetensors")
    result = run("calibrate", "--weights", weights, "--out", tmp_path / out)
    assert result.exit_code == 2
    assert word in result.stderr


def test_weights_of_three_classes_are_refused(run: Run, tmp_path: Path) -> None:
    weights = random_weights(tmp_path / "in.safetensors", class_names=("a", "b", "c"))
    result = run("calibrate", "--weights", weights, "--out", tmp_path / "out.safetensors")
    assert result.exit_code == 2
    assert "3 classes" in result.stderr

"""Training on a small network: data by seed, a loss that falls, resume, export, refusals."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy import ndimage as ndi
from scipy.special import expit, logit

from tests.conftest import TINY_LAYERS
from xai_core.errors import BadRequest
from xai_core.model.weights import load
from xai_core.phantom.generate import insert_lesions
from xai_core.phantom.tissue import Background, draw_background
from xai_core.training import data
from xai_core.training.batches import SampleWorker
from xai_core.training.export import export
from xai_core.training.loop import Run
from xai_core.training.network import TrainingNetwork
from xai_core.training.plan import Phase, Plan, plan_for
from xai_core.training.sample import shrunk
from xai_core.training.validate import (
    as_exported,
    calibrate,
    fold,
    probabilities,
    shares,
    validate,
    validation_logits,
)
from xai_core.types import CLASS_NAMES, Pathology

ATTO = "convnextv2_atto"
SIZE = 96
PLAN = Plan(
    (
        Phase("crops", 32, 4, 3, 60, 1e-3, (3.0, 1.0), 1.0, 0.5, shrink=2),
        Phase("images", SIZE, 2, 2, 60, 1e-3, (1.0, 1.0), 0.5, 1.0),
    ),
    size=SIZE,
    timm_name=ATTO,
    low_precision=False,
)


@pytest.fixture(scope="module")
def tissue() -> list[Background]:
    return [draw_background(i, v, 160) for i, v in enumerate(("CC", "MLO"))]


def quiet(*_: object) -> None:
    pass


def run(folder: Path, plan: Plan = PLAN) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    return Run(plan, folder, torch.device("cpu"), compiled=False)


def weights(r: Run) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in r.averaged_trunk.state_dict().items()}


def test_same_seed_draws_the_same_image(tissue: list[Background]) -> None:
    a, b = (data.draw_image(np.random.default_rng(3), tissue, SIZE, 1.0) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.mask, b.mask)
    assert a.image.shape == a.mask.shape == (SIZE, SIZE)
    assert 0 <= a.image.min() <= a.image.max() <= 1


def test_crop_without_the_lesion_is_not_malignant(tissue: list[Background]) -> None:
    found = {True: 0, False: 0}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        whole = data.draw_image(rng, tissue, SIZE, 1.0)
        for sample in (data.draw_crop(rng, whole, 32) for _ in range(4)):
            assert sample.image.shape == (32, 32)
            if sample.target:
                assert sample.mask.any()
                assert sample.target == whole.target
            elif sample.class_counts:
                assert sample.mask.sum() < 0.5 * max(1, whole.mask.sum()) or not whole.target
            found[sample.target > 0] += 1
    assert min(found.values()) > 10


def test_target_is_mostly_the_probability_and_partly_the_label(tissue: list[Background]) -> None:
    for seed in range(12):
        for pathology in Pathology:
            drawn = insert_lesions(seed, tissue[0], pathology)
            odds = max((plan.probability for plan in drawn.plans), default=0.0)
            malignant = pathology is Pathology.MALIGNANT
            target = data.to_sample(drawn, SIZE).target
            assert target == pytest.approx(0.75 * odds + 0.25 * malignant)
            assert target == 0 or pathology is not Pathology.NORMAL


def test_backgrounds_are_drawn_once_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "_SHARD", 1)
    monkeypatch.setattr(data, "ProcessPoolExecutor", _Inline)
    first = data.make_backgrounds(tmp_path, "validation", 2)
    (again_path,) = tmp_path.glob("*00000.npz")
    stamp = again_path.stat().st_mtime_ns
    again = data.make_backgrounds(tmp_path, "validation", 2)
    assert again_path.stat().st_mtime_ns == stamp
    assert [b.view for b in first] == ["CC", "MLO"]
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.tissue, b.tissue)


class _Inline:
    """A pool that works at once, so that a patched shard size is seen."""

    def __init__(self, workers: int, **_: object) -> None: ...
    def __enter__(self) -> _Inline:
        return self

    def __exit__(self, *_: object) -> None: ...
    def submit(self, work: object, *arguments: object) -> object:
        work(*arguments)  # type: ignore[operator]
        return type("Done", (), {"result": staticmethod(lambda: None)})


def test_loss_falls_on_a_repeated_batch(
    tissue: list[Background], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = Phase("crops", 32, 8, 40, 60, 3e-3, (3.0, 3.0), 1.0, 0.5)
    learner = run(tmp_path, dataclasses.replace(PLAN, phases=(phase,)))
    batch = SampleWorker(learner.plan, tissue, []).draw(0, 0)
    monkeypatch.setattr(SampleWorker, "draw", lambda *_: batch)
    losses: list[float] = []
    learner.train(tissue, lambda _p, _f, value: losses.append(value))
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    tissue: list[Background], tmp_path: Path
) -> None:
    whole = run(tmp_path / "whole")
    whole.train(tissue, quiet)

    class Stopped(Exception):
        pass

    def stop(phase: str, *_: object) -> None:
        if first.state.step == 2 and phase == "crops":
            first.save()
            raise Stopped

    first = run(tmp_path / "parts")
    with pytest.raises(Stopped):
        first.train(tissue, stop)
    second = run(tmp_path / "parts")
    assert second.resume()
    assert (second.state.phase, second.state.step) == (0, 2)
    second.train(tissue, quiet)
    assert second.steps_done == {"crops": 3, "images": 2}
    for key, value in weights(whole).items():
        torch.testing.assert_close(weights(second)[key], value, rtol=1e-4, atol=1e-5)


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    run(tmp_path).save()
    other = run(tmp_path, dataclasses.replace(PLAN, seed=1))
    with pytest.raises(BadRequest, match="seed"):
        other.resume()


def test_checkpoint_stores_the_number_of_workers_under_its_first_key(tmp_path: Path) -> None:
    run(tmp_path, dataclasses.replace(PLAN, workers=2)).save()
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert list(kept["plan"]) == [
        "phases", "seed", "size", "timm_name", "ema_decay", "low_precision", "drawers",
        "ways",
    ]  # fmt: skip
    assert kept["plan"]["drawers"] == 2
    with pytest.raises(BadRequest, match="drawers"):
        run(tmp_path).resume()


def test_no_picture_is_blurred_in_patches(tissue: list[Background]) -> None:
    """Blurring removes the noise of a patch of 16 px; every patch in the breast has its noise."""
    checked = 0
    for seed in range(60):
        image = data.draw_image(np.random.default_rng(seed), tissue, SIZE, 1.0).image
        edges = np.abs(ndi.laplace(image))
        for y, x in itertools.product(range(0, SIZE, 16), repeat=2):
            patch = np.s_[y + 2 : y + 14, x + 2 : x + 14]
            if image[patch].min() > 0.05:
                assert np.median(edges[patch]) > 1e-3, (seed, y, x)
                checked += 1
    assert checked > 300


def test_a_resumed_run_keeps_its_precision(tmp_path: Path) -> None:
    first = run(tmp_path)
    first.plan = dataclasses.replace(PLAN, low_precision=True)
    first.save()
    second = run(tmp_path)
    assert not second.plan.low_precision  # as a busy processor measures it
    assert second.resume()
    assert second.plan.low_precision


def test_resume_without_a_checkpoint_returns_false(tmp_path: Path) -> None:
    assert not run(tmp_path).resume()


def test_the_budget_ends_a_phase(tissue: list[Background], tmp_path: Path) -> None:
    phase = Phase("crops", 32, 2, 10_000, 0.01, 1e-3, (1.0, 1.0), 1.0, 0.5)  # 0.6 seconds
    learner = run(tmp_path, dataclasses.replace(PLAN, phases=(phase,)))
    learner.train(tissue, quiet)
    assert 1 <= learner.steps_done["crops"] < 1000


def test_export_drops_the_dense_heads_and_loads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = TrainingNetwork(ATTO).eval()
    path = tmp_path / "model.safetensors"
    trunk = as_exported(model.trunk)
    spec = export(trunk, path, command="test", timm_name=ATTO, size=SIZE, metrics={})
    again, network = load(path)
    assert again == spec
    assert again.threshold == 0.5, "the larger logit"
    assert (spec.layers, spec.class_names, spec.positive) == (TINY_LAYERS, CLASS_NAMES, 1)
    x = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        difference = (network(x) - model(x, torch.zeros(2, 1, SIZE, SIZE))[2]).abs().max()
    assert difference < 0.02, "float16 weights keep the logits"
    stored = load_file(path)
    assert {name for name, value in stored.items() if value.dtype == torch.float32} == {
        "head.fc.weight", "head.fc.bias",
    }  # fmt: skip
    for name, value in network.state_dict().items():
        assert torch.equal(value, trunk.state_dict()[name]), f"{name} is as validated"


@pytest.mark.parametrize("gpu", [False, True])
def test_plan_uses_the_whole_budget(gpu: bool) -> None:
    plan = plan_for(10, gpu=gpu, workers=3)
    assert plan.workers == 3
    assert sum(p.minutes for p in plan.phases) == pytest.approx(10)
    assert plan.phases[-1].crop == plan.size
    assert not any(p.real for p in plan.phases)
    assert all(p.real for p in plan_for(10, real=True, gpu=gpu).phases)
    assert all(p.steps == 7 for p in plan_for(10, steps=7).phases)


@pytest.mark.parametrize("gpu", [False, True])
def test_the_plan_of_another_network_and_size(gpu: bool) -> None:
    plan = plan_for(10, gpu=gpu, timm_name="convnextv2_pico", size=256)
    assert (plan.timm_name, plan.size, plan.phases[-1].crop) == ("convnextv2_pico", 256, 256)
    usual = plan_for(10, gpu=gpu)
    assert (usual.timm_name, usual.size) == ("convnextv2_tiny", 384)
    assert usual.phases[:-1] == plan.phases[:-1]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"timm_name": "resnet18"}, "convnextv2_"),
        ({"timm_name": "convnextv2_gigantic"}, "convnextv2_"),
        ({"size": 240}, "multiple of 32"),
        ({"size": 96}, "from 128"),
        ({"size": 1056}, "1024"),
    ],
)
def test_invalid_plan_is_refused(fields: dict[str, object], word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        plan_for(10, **fields)  # type: ignore[arg-type]


def test_a_shrunken_picture_keeps_its_mean_and_its_lesion(tissue: list[Background]) -> None:
    whole = data.draw_image(np.random.default_rng(3), tissue, SIZE, 1.0, Pathology.MALIGNANT)
    half = shrunk(whole, 2)
    assert half.image.shape == half.mask.shape == (SIZE // 2, SIZE // 2)
    assert half.image.mean() == pytest.approx(whole.image.mean(), abs=1e-4)
    assert half.mask.any() == whole.mask.any()
    assert (half.target, half.labels) == (whole.target, whole.labels)
    assert shrunk(whole, 1) is whole


def two_logits(p: list[float]) -> np.ndarray:
    """Logits (n, 2) with these P(malignant); the benign ones differ, as a network's do."""
    benign = np.linspace(-1, 1, len(p))
    return np.stack([benign, benign + logit(p)], axis=1).astype(np.float32)


def test_the_figures_of_a_validation_by_hand() -> None:
    logits = two_logits([0.12, 0.32, 0.45, 0.55, 0.22, 0.42, 0.62, 0.92])
    truth = np.repeat([0.0, 1.0], 4)
    at_half, lower = validate(logits, truth), validate(logits, truth, threshold=0.35)
    assert (at_half.sensitivity, at_half.specificity, at_half.threshold) == (0.5, 0.75, 0.5)
    assert (lower.sensitivity, lower.specificity, lower.threshold) == (0.75, 0.5, 0.35)
    assert at_half.auc == lower.auc == pytest.approx(11 / 16)
    # A case in each bin but two in one, of which one is malignant and 0.87 are expected.
    errors = [0.12, 0.32, 1 - 0.87, 0.55, 0.78, 0.38, 0.08]
    assert at_half.calibration_error == pytest.approx(sum(errors) / 8, abs=1e-6)


def test_folded_logits_are_the_calibrated_ones() -> None:
    """The head's layer gives z / T, and half of the bias more or less."""
    torch.manual_seed(0)
    trunk = TrainingNetwork(ATTO).trunk.eval()
    rng = np.random.default_rng(0)
    difference = 4 * rng.standard_normal(200)
    truth = (rng.random(200) < expit(0.5 * difference + 0.8)).astype(np.float32)
    fitted = np.stack([-difference / 3, 2 * difference / 3], axis=1).astype(np.float32)
    found = calibrate(fitted, truth, threshold=0.3)
    temperature, bias = found.recalibration.temperature, found.recalibration.bias
    assert temperature == pytest.approx(2, rel=0.3)
    assert bias == pytest.approx(0.8, abs=0.4)
    np.testing.assert_allclose(found.logits, fitted / temperature + [-bias / 2, bias / 2], 1e-5)
    assert (found.before.threshold, found.after.threshold) == (0.3, 0.5)
    assert found.after.auc == pytest.approx(found.before.auc)
    assert probabilities(found.logits).mean() == pytest.approx(truth.mean(), abs=1e-4)

    x = torch.randn(3, 3, SIZE, SIZE)
    with torch.no_grad():
        before = trunk(x)
        fold(trunk, found.recalibration)
        after = trunk(x)
    expected = before / temperature + torch.tensor([-bias / 2, bias / 2])
    torch.testing.assert_close(after, expected, rtol=1e-5, atol=1e-5)


def test_the_bias_favours_the_positive_class_wherever_it_stands() -> None:
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((100, 2)).astype(np.float32)
    truth = (rng.random(100) < expit(logits[:, 0] - logits[:, 1] + 1)).astype(np.float32)
    found = calibrate(logits, truth, positive=0)
    assert found.recalibration.bias > 0
    first, second = shares(found.recalibration, positive=0)
    assert first == -second > 0
    assert probabilities(found.logits, positive=0).mean() == pytest.approx(truth.mean(), abs=1e-4)


def test_an_interval_of_few_phantoms_is_the_whole_range() -> None:
    """A specification holds numbers, not NaN; below ten phantoms of a class nothing is known."""
    truth = np.array([0] * 12 + [1] * 9, np.float32)
    found = validate(two_logits(np.linspace(0.1, 0.9, 21).tolist()), truth)
    assert (found.low, found.high) == (0, 1)


def test_validation_phantoms_are_reproducible_and_rounding_changes_little(
    tissue: list[Background],
) -> None:
    torch.manual_seed(0)
    trunk = TrainingNetwork(ATTO).trunk
    before = {k: v.clone() for k, v in trunk.state_dict().items()}
    first, truth = validation_logits(trunk, tissue, 5, SIZE, torch.device("cpu"))
    again, _ = validation_logits(as_exported(trunk), tissue, 5, SIZE, torch.device("cpu"))
    assert first.shape == (2, 2)
    assert set(truth.tolist()) <= {0.0, 1.0}
    assert 0 < np.abs(first - again).max() < 0.02
    assert all(torch.equal(v, before[k]) for k, v in trunk.state_dict().items())
    both = torch.softmax(torch.from_numpy(first), 1)[:, 1].numpy()
    np.testing.assert_allclose(probabilities(first), both, rtol=1e-5)


def test_frozen_stages_are_unchanged_and_the_rest_is_trained(
    tissue: list[Background], tmp_path: Path
) -> None:
    phase = dataclasses.replace(PLAN.phases[0], frozen=2)
    learner = run(tmp_path, dataclasses.replace(PLAN, phases=(phase,)))
    before = {k: v.clone() for k, v in learner.model.trunk.state_dict().items()}
    learner.train(tissue, quiet)
    for key, value in learner.model.trunk.state_dict().items():
        fixed = key.startswith(("stem", "stages.0", "stages.1"))
        assert torch.equal(value, before[key]) is fixed, key


def test_the_training_mix_holds_every_pathology() -> None:
    rng = np.random.default_rng(0)
    drawn = [data.draw_pathology(rng) for _ in range(300)]
    for pathology in Pathology:
        assert drawn.count(pathology) > 30

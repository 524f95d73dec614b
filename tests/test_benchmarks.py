"""``make bench`` on a small network: every table is written, and the peers' results agree."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import adaptive, report
from benchmarks.__main__ import main
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import descending
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.scoring.logit_cache import LogitCache


@pytest.mark.slow
def test_every_benchmark_agrees_with_its_peer(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAI_WEIGHTS", str(tiny_weights))
    monkeypatch.setenv("XAI_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XAI_DEVICE", "cpu")
    monkeypatch.setattr("benchmarks.adaptive.STATE", tmp_path / "adaptive.jsonl")
    out = tmp_path / "results.md"
    sizes = ["--channels", "3", "--points", "4", "--repeats", "1", "--pairs", "1", "--cases", "2"]
    sizes += ["--ablations", "9"]
    assert main([*sizes, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text.count("OpenVINO. Ready") == len(re.findall("^## ", text, re.MULTILINE)) == 8
    assert str(tmp_path) not in text
    for peer in ("pytorch-grad-cam", "torch-cam", "a loop as RISE's", "whole passes"):
        rows = re.findall(rf"^\| {peer} \|.*\| (\S+) \|$", text, re.MULTILINE)
        assert rows
        assert all(float(apart) < 1e-4 for apart in rows), peer
    for mode, most in (("adaptive", 96), ("fine", 384)):
        few = re.search(rf"^\| {mode} \| 1 \| 1 \| (\d+) \|", text, re.MULTILINE)
        assert few
        assert int(few[1]) <= most
    waiting = re.findall(r"^\| ([^|]+) \| [\d.]+ \| [\d.]+ \| (\d+) \|$", text, re.MULTILINE)
    passes = {name: int(n) for name, n in waiting}
    assert passes["a ready case, Hybrid-CAM with curves"] == 0
    assert passes["another choice of levels"] == 0
    assert passes["the first curves of an unknown image, Grad-CAM"] <= 20
    assert "cases explained, memory since the first" in text


def test_the_reference_is_the_expectation_over_tie_orders() -> None:
    """P is half the sum of the weights shown: the expected curve is straight through a tie."""
    weights = np.random.default_rng(0).random(16)
    weights /= weights.sum()
    w = torch.from_numpy(weights.reshape(4, 4)).float()

    def scorer(images: torch.Tensor) -> torch.Tensor:
        p = (images[:, 0] * w).sum((1, 2)) / 2
        return torch.stack([torch.log(1 - p), torch.log(p)], 1)

    x = torch.ones(1, 4, 4)
    probe = PerturbationProbe(x, x * 0 + 1e-6, 1, LogitCache(scorer), grid=4)
    r = np.where(np.arange(16) < 6, np.arange(16, 0, -1), 0.0)
    steps = np.where(r > 0, weights, weights[r == 0].mean())
    expected = np.trapezoid(np.append(0, np.cumsum(steps)) / 2, np.linspace(0, 1, 17))
    area, error, coarse = adaptive._reference(probe, r, "insertion", whole=True)
    assert 0 < error < 0.01
    assert abs(area - expected) <= 4 * error
    assert coarse is not None
    assert adaptive._reference(probe, r, "insertion", whole=False)[0] in (
        pytest.approx(area + coarse), pytest.approx(area - coarse),
    )  # fmt: skip
    without, exact, coarse = adaptive._reference(probe, np.arange(16.0), "insertion", whole=True)
    assert exact == 0
    curve = full(probe, descending(np.arange(16.0))).insertion
    assert without == pytest.approx(curve.auc, abs=1e-9)
    fourth = np.trapezoid(curve.probability[::4], np.linspace(0, 1, 5))
    assert coarse == pytest.approx(abs(fourth - curve.auc), abs=1e-9)


def test_the_reference_s_steps_are_those_of_adaptive_curves() -> None:
    steps = adaptive.halved(576)
    assert len(steps) == 129
    assert set(steps) >= set(range(0, 577, 9))
    assert max(np.diff(steps)) == 5
    counts = np.linspace(0, 576, adaptive.settings.START).astype(int)
    while len(counts) < 128:
        counts = np.unique(np.r_[counts, (counts[:-1] + counts[1:]) // 2])
    assert set(counts) <= set(steps)


def test_a_stopped_calibration_goes_on_and_ignores_a_cut_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.adaptive.STATE", tmp_path / "folder" / "adaptive.jsonl")
    one = adaptive.Measured("a", "l", "m", "fine", "deletion", 64, 0.01, 0.02, 0.0)
    adaptive._write("now", ("a", "l", "m"), [one])
    adaptive._write("before", ("b", "l", "m"), [one])
    with adaptive.STATE.open("a") as file:
        file.write('{"settings": "now", "pai')
    assert adaptive._read("now") == {("a", "l", "m"): [one]}


def test_coverage_and_its_factor_by_hand() -> None:
    """Errors .01 to .20 of which .02 is stated for each: 2 of 20 are covered; 95 % would need the
    19.05th, .1905, that is 9.525 times as much."""
    found = [
        adaptive.Measured(
            "a", "l", "m", "fine", "insertion", 64, i / 100, 0.02, 0.0, i / 1000 if i < 3 else None
        )
        for i in range(1, 21)
    ]
    row = adaptive._row("fine", found)
    assert row[9] == "10.0 %"
    assert row[10] == f"{2 * 9.525:.2f}"
    assert row[12] == "0.0020 in 2"
    assert adaptive._row("fine", found[2:])[12] == "not measured"


def test_one_benchmark_replaces_its_section_and_leaves_the_others(tmp_path: Path) -> None:
    path, order = tmp_path / "results.md", ("rate", "curves", "growth")
    for name in ("growth", "rate", "gone"):
        report.replace(path, name, f"## {name}\n\n| {name} 1 |", (*order, "gone"))
    report.replace(path, "rate", "## rate\n\n| rate 2 |", order)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(report.PREFACE)
    assert re.findall(r"^\| (.*) \|$", text, re.MULTILINE) == ["rate 2", "growth 1"]


def test_invalid_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--points", "7"])
    assert "--points divides 576" in capsys.readouterr().err

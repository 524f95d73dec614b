"""``make bench`` on a small network: every table is written, and the peers' answers agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.__main__ import main


def test_every_benchmark_agrees_with_its_peer(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAI_WEIGHTS", str(tiny_weights))
    monkeypatch.setenv("XAI_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XAI_DEVICE", "cpu")
    out = tmp_path / "results.md"
    sizes = ["--channels", "3", "--points", "4", "--repeats", "1", "--pairs", "1", "--cases", "2"]
    assert main([*sizes, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "Engine: OpenVINO." in text
    assert str(tmp_path) not in text
    for peer in ("pytorch-grad-cam", "torch-cam", "a loop as RISE's"):
        rows = re.findall(rf"^\| {peer} \|.*\| (\S+) \|$", text, re.MULTILINE)
        assert rows
        assert all(float(apart) < 1e-4 for apart in rows), peer
    adaptive = re.search(r"^\| against all 577 points \| 1 \| (\d+) \|", text, re.MULTILINE)
    assert adaptive
    assert int(adaptive[1]) <= 64
    waiting = re.findall(r"^\| ([^|]+) \| [\d.]+ \| [\d.]+ \| (\d+) \|$", text, re.MULTILINE)
    passes = {name: int(n) for name, n in waiting}
    assert passes["a ready case, Hybrid-CAM with curves"] == 0
    assert passes["another choice of levels"] == 0
    assert passes["the first curves of an unknown image, Grad-CAM"] <= 20
    assert "cases explained, memory since the first" in text


def test_a_size_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--points", "7"])
    assert "--points divides 576" in capsys.readouterr().err

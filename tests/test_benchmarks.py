"""``make bench`` on a small network: every table is written, and the peers' results agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import main


@pytest.mark.slow
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
    assert text.count("OpenVINO. Ready") == len(re.findall("^## ", text, re.MULTILINE)) == 6
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

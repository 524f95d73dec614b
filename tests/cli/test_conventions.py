"""``conventions`` on a small release: table, resuming, interrupting, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TINY_LAYERS

from .conftest import Run

QUICK = ("--options", "activations", "--layers", TINY_LAYERS[0], "--no-store", "--each", 1)


def test_conventions_writes_a_table_and_goes_on(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("conventions", "score-cam", "--cases", release, *QUICK, "--weights", tiny_weights)
    result = run(*words, "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(p.name for p in out.iterdir()) == ["rows", "run.json", "table.md"]
    assert sorted(p.name for p in (out / "rows").iterdir()) == [
        "grad-cam", "score-cam", "score-cam_activations=min-max", "score-cam_activations=signed",
    ]  # fmt: skip
    text = (out / "table.md").read_text()
    assert text.strip() == result.stdout.strip()
    assert "| Score-CAM, activations=signed |" in text
    assert "Stage 3 Block 6, TP" in text
    named = json.loads((out / "run.json").read_text())["request"]["conventions"]
    assert [named[name].get("activations") for name in named] == [None, "relu", "signed", "min-max"]

    part = next((out / "rows" / "score-cam").iterdir())
    part.unlink()  # as if the run had been stopped before it
    others = {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    again = run(*words, "--out", out)
    assert again.stdout == result.stdout
    assert part.is_file()
    assert {p: p.stat().st_mtime_ns for p in others} == others


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("score-cam", "--options", "channels"), "--options names 'channels'"),
        (("eigen-cam",), "Eigen-CAM has no conventions"),
        (("score-cam", "--each", 0), "--each is 0"),
        (("score-cam", "--curves", "none"), "curves adaptive, fine or full"),
    ],
)
def test_bad_input_is_a_sentence(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, words: tuple, sentence: str
) -> None:
    common = ("--cases", release, "--weights", tiny_weights, "--out", tmp_path / "out")
    result = run("conventions", *words, *common)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()

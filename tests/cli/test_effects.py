from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import random_weights
from xai_core.features import effects, pairs
from xai_core.features.effects import COLUMNS
from xai_core.phantom.tissue import Background, draw_background

from .conftest import Run

CUES = ("--only", "mass-shape:irregular,cyst:none", "--pairs", 1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small phantoms."""

    def drawn(seed: int, view: str, height: int) -> Background:
        return draw_background(seed, view, min(height, 112))

    monkeypatch.setattr(pairs, "draw_background", drawn)


def test_the_results_are_printed_and_written(run: Run, tiny_weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("effects", *CUES, "--weights", tiny_weights, "--out", out)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "effects.md").read_text()
    assert document in result.stdout
    rows = list(csv.DictReader((out / "effects.csv").read_text().splitlines()))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["cue"] for row in rows] == ["mass-shape:irregular", "cyst:none"]
    assert float(rows[0]["truth"]) == pytest.approx(3.06)
    assert rows[1]["truth"] == ""
    pairs = list(csv.DictReader((out / "rows.csv").read_text().splitlines()))
    assert float(pairs[0]["after"]) - float(pairs[0]["before"]) == float(rows[0]["model"])
    assert sorted(path.name for path in out.iterdir()) == [
        "effects.csv", "effects.md", "rows", "rows.csv", "run.json",
    ]  # fmt: skip
    assert str(tmp_path) not in document + (out / "run.json").read_text()
    assert len(json.loads((out / "run.json").read_text())["request"]["generator"]) == 64
    assert run(*words).stdout == result.stdout


def test_ctrl_c_keeps_what_is_done_and_the_run_goes_on(
    run: Run, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("effects", *CUES, "--weights", tiny_weights, "--out")
    measure, calls = effects.measure, []

    def stopped(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(effects, "measure", stopped)
        result = run(*words, tmp_path / "out")
    assert result.exit_code == 130
    assert "Stopped after 1 of 2 phantoms; run the same command to go on." in result.stderr
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 1
    assert run(*words, tmp_path / "out").exit_code == 0
    assert run(*words, tmp_path / "whole").exit_code == 0
    for name in ("rows.csv", "effects.csv", "effects.md"):
        assert (tmp_path / "out" / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_the_rows_of_another_model_or_seed_are_refused(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    words = ("effects", *CUES, "--out", tmp_path / "out", "--weights")
    assert run(*words, tiny_weights).exit_code == 0
    other = random_weights(tmp_path / "other.safetensors", "convnextv2_femto")
    for more, name in (
        ((other,), "weights"), ((tiny_weights, "--seed", 1), "seed"),
        ((tiny_weights, "--threshold", 0.9), "threshold"),
    ):  # fmt: skip
        result = run(*words, *more)
        assert result.exit_code == 2
        assert f"holds a run with another value of {name}" in result.stderr
        assert result.stderr.count("\n") == 1


def test_bad_input_gets_a_sentence(run: Run, tiny_weights: Path, tmp_path: Path) -> None:
    for words, expected in (
        (("--only", "mass-colour"), "no cue 'mass-colour'"),
        (("--pairs", 0), "--pairs is '0'; give at least 1"),
        (("--seed", 10), "--seed is '10'; give at most 9"),
        (("library",), "unexpected extra argument"),
    ):
        result = run("effects", *words, "--weights", tiny_weights, "--out", tmp_path / "out")
        assert result.exit_code == 2
        assert expected in result.stderr
        assert not (tmp_path / "out").exists()

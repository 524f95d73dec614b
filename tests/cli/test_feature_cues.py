"""The verb ``features``, its kinds ``cues`` and ``atlas``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import random_weights
from xai_core.features import cue_pairs, pairs
from xai_core.features.atlas_file import Atlas
from xai_core.features.cue_study import FILE, read_study
from xai_core.phantom.tissue import Background, draw_background
from xai_core.study.cues import CHANNEL_COLUMNS, CUE_COLUMNS, DIRECTION_COLUMNS

from .conftest import Run

CUES = (
    "features", "cues", "--only", "mass-shape:irregular,mass-enhancement:rim", "--pairs", 2,
    "--removals", 2,
)  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small phantoms."""

    def drawn(seed: int, view: str, height: int) -> Background:
        return draw_background(seed, view, min(height, 112))

    monkeypatch.setattr(pairs, "draw_background", drawn)


def table(place: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(place.read_text().splitlines()))


@pytest.mark.slow
def test_cues_and_the_atlas_are_printed_and_written(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out, atlas = tmp_path / "cues", tmp_path / "atlas"
    words = (*CUES, "--weights", tiny_weights, "--out", out)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "cues.md").read_text()
    assert document in result.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        "channels.csv", "cues.csv", "cues.md", "directions.csv", "removed", "rows", "run.json",
        FILE,
    ]  # fmt: skip
    rows = table(out / "cues.csv")
    assert list(rows[0]) == list(CUE_COLUMNS)
    assert [row["cue"] for row in rows] == ["mass-shape:irregular"] * 2 + [
        "mass-enhancement:rim"
    ] * 2
    assert [float(row["effect"]) for row in rows[2:]] == [0, 0]
    channels = table(out / "channels.csv")
    assert list(channels[0]) == list(CHANNEL_COLUMNS)
    assert len(channels) == 160 + 320
    directions = table(out / "directions.csv")
    assert list(directions[0]) == list(DIRECTION_COLUMNS)
    assert {row["block"] for row in directions} == {"stages.2.blocks.5", "stages.3.blocks.1"}
    found, identity = read_study(out / FILE)
    assert [effect.cue.id for effect in found.effects] == [rows[0]["cue"], rows[2]["cue"]]
    assert len(identity["generator"]) == 64
    assert run(*words).stdout == result.stdout  # everything is there

    words = ("features", "atlas", release, "--limit", 2, "--weights", tiny_weights)
    result = run(*words, "--cues", out, "--out", atlas)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (atlas / "atlas.md").read_text() in result.stdout
    entry = Atlas.open(atlas).channel("stages.2.blocks.5", 7)
    assert len(entry.by_effect) == 2
    assert entry.is_unexplained
    manifest = json.loads((atlas / "manifest.json").read_text())
    assert manifest["command"] == "features atlas --cues cues --limit 2"
    assert len(manifest["pixels"]) == len(manifest["request"]["weights"]) == 64
    texts = document + (atlas / "manifest.json").read_text() + (out / "run.json").read_text()
    assert str(tmp_path) not in texts
    again = run(*words, "--cues", out, "--out", atlas)
    assert (again.exit_code, again.stdout) == (0, result.stdout)
    refused = run(*words[:-3], 1, *words[-2:], "--cues", out, "--out", atlas)
    assert (refused.exit_code, "another request" in refused.stderr) == (2, True)


def test_ctrl_c_keeps_what_is_done_and_the_run_goes_on(
    run: Run, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*CUES, "--layers", "stage 4", "--weights", tiny_weights, "--out")
    measure, calls = cue_pairs.measure, []

    def stopped(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(cue_pairs, "measure", stopped)
        result = run(*words, tmp_path / "out")
    assert result.exit_code == 130
    assert "Stopped after 1 of 2 phantoms; run the same command to go on." in result.stderr
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 1
    assert run(*words, tmp_path / "out").exit_code == 0
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 2


def test_what_is_of_another_model_or_seed_is_refused(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = (
        "features", "cues", "--only", "cyst:none", "--pairs", 1, "--layers", "stage 4", "--out",
        out, "--weights",
    )  # fmt: skip
    assert run(*words, tiny_weights).exit_code == 0
    other = random_weights(tmp_path / "other.safetensors", "convnextv2_femto")
    for more, name in (
        ((other,), "weights"), ((tiny_weights, "--seed", 1), "seed"),
        ((tiny_weights, "--layers", "stage 3"), "layers"),
    ):  # fmt: skip
        result = run(*words, *more)
        assert result.exit_code == 2
        assert f"holds a run with another value of {name}" in result.stderr
    words = ("features", "atlas", release, "--cues", out, "--out", tmp_path / "atlas")
    result = run(*words, "--weights", other)
    assert result.exit_code == 2
    assert "The study in out is of another model" in result.stderr
    assert not (tmp_path / "atlas").exists()


def test_bad_input_gets_a_sentence(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = ("--out", tmp_path / "out")
    for words, expected in (
        (("cues", "--only", "mass-colour", *out), "no cue 'mass-colour'"),
        (("cues", "--pairs", 0, *out), "--pairs is '0'; give at least 1"),
        (("cues", "--seed", 10, *out), "--seed is '10'; give at most 9"),
        (("cues", "--removals", -1, *out), "--removals is '-1'; give at least 0"),
        (("cues",), "features cues needs --out; give a folder."),
        (("cues", release, *out), "SOURCE is of features parts, channels and atlas"),
        (("cues", "--force", *out), "--force is of features parts, channels and atlas"),
        (("cues", "--cues", tmp_path, *out), "--cues is of features atlas; leave it out for cues"),
        (("parts",), "features parts needs SOURCE; give 'library' or a folder of cases."),
        (("parts", release, "--pairs", 3), "--pairs is of features cues; leave it out for parts."),
        (("atlas", release, *out), "features atlas needs --cues; give the folder of a finished"),
        (("atlas", release, "--cues", tmp_path, "--threshold", 0.4, *out), "--threshold is of"),
        (("atlas", release, "--cues", tmp_path, *out), "holds no study of cues"),
        (("atlas", tmp_path / "nowhere", "--cues", tmp_path, *out), "no file or folder 'nowhere'"),
    ):
        result = run("features", *words, "--weights", tiny_weights)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert result.stderr.count("\n") == 1
        assert not (tmp_path / "out").exists()

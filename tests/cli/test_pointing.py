from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cases.builders import make_library

from .conftest import Run


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_library(tmp_path / "phantoms", 3)  # the first of three malignant ones is marked


def test_the_results_are_printed_and_written(
    run: Run, library: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("pointing", library, "--weights", tiny_weights, "--out", out)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "pointing.md").read_text()
    assert document in result.stdout
    assert "1 synthetic phantom of 1 patient," in document
    assert "Left out of 3: 2 with nothing marked" in document
    for baseline in ("untrained", "brightest spot", "centre of the breast", "chance, within"):
        assert baseline in document
    with (out / "pointing.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["case_id"] == "PH-0001"
    for name in ("map", "untrained", "brightest", "centre"):
        if row[f"{name}_state"] == "ok":
            assert row[f"{name}_hit"] == str(float(row[f"{name}_distance"]) <= 15)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["made_by"] == "xai_core pointing"
    assert str(tmp_path) not in json.dumps(manifest) + document
    # The same request replaces its folder; another one needs --force.
    assert run(*words).exit_code == 0
    refused = run(*words, "--layer", "stages.3.blocks.1")
    assert refused.exit_code == 2
    assert "another request" in refused.stderr
    assert run(*words, "--layer", "stages.3.blocks.1", "--force").exit_code == 0


def test_other_methods_can_be_tested(run: Run, library: Path, tiny_weights: Path) -> None:
    words = ("pointing", library, "--weights", tiny_weights, "--limit", 1)
    result = run(*words, "--method", "score-cam", "--channels", 4, "--target", "predicted")
    assert "Score-CAM, Stage 3 Block 6, for predicted" in result.stdout


def test_bad_input_gets_a_sentence(
    run: Run, library: Path, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    (library / "PH-0001_mask.png").unlink()
    for words, expected in (
        ((library, "--method", "lime"), "The method is 'lime'; allowed are"),
        ((library, "--layer", "stem"), "The layer is 'stem'"),
        ((library, "--target", "cyst"), "The target is 'cyst'"),
        ((library, "--method", "score-cam", "--channels", 0), "channels is 0"),
        ((library, "--limit", 0), "--limit is 0"),
        ((library, "--out", tmp_path / "mine"), "holds other files"),
        ((tmp_path / "nowhere",), "no file or folder 'nowhere'"),
        ((picture.parent,), "has no malignant case"),
    ):
        result = run("pointing", *words, "--weights", tiny_weights)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
    result = run("pointing", library, "--even-patients", "--weights", tiny_weights)
    assert result.exit_code == 2
    assert "(1 tried)" in result.stderr
    result = run("pointing", library, "--weights", tiny_weights)
    assert result.stderr.startswith("Left out: PH-0001: ")

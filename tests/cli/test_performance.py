from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cases.builders import LOW
from xai_core.cli.predict import COLUMNS

from .conftest import Run


def test_the_results_are_printed_and_written(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "out", tmp_path / "predictions.csv"
    words = ("performance", release, "--weights", tiny_weights, "--out", out)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "performance.md").read_text()
    assert document in result.stdout
    for expected in ("AUC of malignant", "expected calibration error", "| density |", "| view |"):
        assert expected in document
    figures = json.loads((out / "performance.json").read_text())
    assert figures["images"] == 3  # the fourth has no row in the table
    assert sum(figures["confusion"].values()) == 3
    # The predictions equal those of the verb predict.
    run("predict", release, "--weights", tiny_weights, "--out", other)
    with other.open(newline="") as file:
        theirs = [row for row in csv.DictReader(file) if row["pathology"]]
    with (out / "predictions.csv").open(newline="") as file:
        ours = list(csv.DictReader(file))
    assert [{name: row[name] for name in COLUMNS} for row in ours] == theirs
    marked = {row["case_id"]: row["diameter_px"] for row in ours}
    assert float(marked["P7_L_DM_CC"]) > 0
    assert marked["P7_R_DM_MLO"] == ""
    assert json.loads(ours[0]["descriptors"])["mass margin"] == "spiculated"
    assert str(tmp_path) not in document + (out / "manifest.json").read_text()
    # The same request replaces its folder; another one needs --force.
    assert run(*words).exit_code == 0
    refused = run(*words, "--limit", 1)
    assert refused.exit_code == 2
    assert "another request" in refused.stderr
    assert run(*words, "--limit", 1, "--force").exit_code == 0


def test_an_unreadable_case_is_reported(run: Run, release: Path, tiny_weights: Path) -> None:
    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    result = run("performance", release, "--weights", tiny_weights)
    assert result.exit_code == 0
    assert result.stderr.startswith("Left out: P7_L_DM_CC: ")
    assert "1 of 3 cannot be read" in result.stdout
    assert "not defined: all cases are of one class" in result.stdout


def test_bad_input_gets_a_sentence(
    run: Run, release: Path, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    for words, expected in (
        ((release, "--limit", 0), "--limit is 0"),
        ((release, "--out", tmp_path / "mine"), "holds other files"),
        ((release, "--even-patients"), "of a patient with an even number"),
        ((tmp_path / "nowhere",), "no file or folder 'nowhere'"),
        ((picture.parent,), "no case with a known pathology"),
    ):
        result = run("performance", *words, "--weights", tiny_weights)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
    for path in (release / LOW).glob("*.jpg"):
        path.write_bytes(b"")
    result = run("performance", release, "--weights", tiny_weights)
    assert result.exit_code == 2
    assert "nothing was predicted" in result.stderr

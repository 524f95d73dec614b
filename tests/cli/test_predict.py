from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from tests.cases.builders import LOW, encode, noise
from xai_core.cases import CddCesm
from xai_core.cli.predict import COLUMNS
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier

from .conftest import Run


def test_the_table_holds_the_models_predictions(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    result = run("predict", release, "--weights", tiny_weights, "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    source = CddCesm(release)
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"))
    assert [row["case_id"] for row in rows] == [r.id for r in source.records()]
    for row in rows:
        case = source.load(row["case_id"])
        prediction = explainer.predict(case)
        assert float(row["logit_benign"]) == pytest.approx(prediction.logits[0], abs=1e-5)
        assert float(row["logit_malignant"]) == pytest.approx(prediction.logits[1], abs=1e-5)
        p = prediction.probabilities[1]
        assert float(row["probability_malignant"]) == pytest.approx(p, abs=1e-5)
        assert row["predicted"] == ("malignant" if p >= 0.5 else "benign")
        assert row["pathology"] == ("" if case.pathology is None else case.pathology)
        truth = {"malignant": "P", "benign": "N", "normal": "N"}.get(row["pathology"])
        called = "P" if row["predicted"] == "malignant" else "N"
        assert row["outcome"] == (f"{'T' if truth == called else 'F'}{called}" if truth else "")
    assert "AUC" in result.stdout
    assert "interval by patient" in result.stdout or "not defined" in result.stdout


def test_the_limit_takes_the_first_cases(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    words = ("predict", release, "--weights", tiny_weights, "--out", out)
    assert "2 of 2 cases" in run(*words, "--limit", 2).stdout
    assert "4 of 4 cases" in run(*words).stdout  # its own table is replaced
    assert len(out.read_text().splitlines()) == 5


def test_an_unreadable_case_is_reported(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    out = tmp_path / "out.csv"
    result = run("predict", release, "--weights", tiny_weights, "--out", out)
    assert result.exit_code == 0
    assert result.stderr.startswith("Left out: P7_L_DM_CC: ")
    assert "3 of 4 cases" in result.stdout
    assert "P7_L_DM_CC" not in out.read_text()


def test_what_was_found_out_about_a_file_is_told(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(22):
        Image.new("L", (60, 80), number).save(pictures / f"flat{number}.png")
    words = ("predict", pictures, "--weights", tiny_weights, "--out", tmp_path / "out.csv")
    said = run(*words).stderr
    assert said.count("has the same value everywhere") == 20
    assert "2 more notes on single files: see `cases --check`." in said


def test_pictures_without_truth_have_no_outcome(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    result = run("predict", picture.parent, "--weights", tiny_weights, "--out", out)
    assert "no figures" in result.stdout
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row["pathology"], row["outcome"]) == ("", "")


def test_no_cell_is_a_formula(run: Run, tiny_weights: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "=1+1.png").write_bytes(encode(noise(64, 48)))
    out = tmp_path / "out.csv"
    assert run("predict", pictures, "--weights", tiny_weights, "--out", out).exit_code == 0
    with out.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["case_id"], row["patient_id"]) == ("'=1+1", "'=1+1")
    float(row["logit_benign"])  # numbers stay numbers, negative ones too

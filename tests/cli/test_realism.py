from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cases.builders import LOW, make_library, make_patients
from xai_core.study.realism.measure import KEYS, QUANTITIES

from .conftest import Run


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_library(tmp_path / "phantoms", 4)


def test_the_comparison_is_printed_and_written(
    run: Run, library: Path, release: Path, tmp_path: Path
) -> None:
    out, picture = tmp_path / "out", tmp_path / "look.png"
    words = ("realism", library, "--real", release, "--out", out, "--pictures", picture)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (result.stdout, (out / "realism.md").read_text()):
        assert "Low-energy images: 4 phantoms, 3 real" in text  # one real image has no row
        assert "Recombined images: 1 phantom, 2 real" in text
        assert all(quantity.title in text for quantity in QUANTITIES)
        assert "too few patients" in text
        assert str(tmp_path) not in text.replace(f"{out}", "").replace(f"{picture}", "")
    with (out / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[6:] == list(KEYS)
    assert [row["side"] for row in rows] == ["phantom"] * 5 + ["real"] * 5
    marked = {row["case_id"]: row["area"] for row in rows if row["images"] == "low-energy"}
    assert float(marked["PH-0001"]) > 0
    assert marked["PH-0002"] == ""
    assert json.loads((out / "manifest.json").read_text())["made_by"] == "xai_core realism"
    with Image.open(picture) as image:
        assert image.mode == "L"
    # The same request replaces its folder, but never a picture.
    assert run(*words[:-2]).exit_code == 0
    refused = run(*words)
    assert refused.exit_code == 2
    assert "look.png exists" in refused.stderr
    assert run(*words, "--force").exit_code == 0


def test_the_kind_of_images_and_the_limit_are_respected(
    run: Run, library: Path, release: Path
) -> None:
    result = run("realism", library, "--real", release, "--images", "recombined", "--limit", 1)
    assert "Recombined images: 1 phantom, 1 real" in result.stdout
    assert "Low-energy" not in result.stdout


def test_even_patients_can_be_compared_alone(run: Run, library: Path, tmp_path: Path) -> None:
    real = make_patients(tmp_path / "release", 5)
    words = ("realism", library, "--real", real, "--images", "low-energy")
    assert "4 phantoms, 5 real" in run(*words).stdout
    out = tmp_path / "even"
    result = run(*words, "--even-patients", "--out", out)
    assert "4 phantoms, 2 real" in result.stdout  # patients 2 and 4; phantoms all the same
    assert json.loads((out / "manifest.json").read_text())["request"]["even_patients"] is True
    picture = tmp_path / "look.png"
    assert run(*words, "--even-patients", "--pictures", picture).exit_code == 0


def test_an_unreadable_case_is_reported(run: Run, library: Path, release: Path) -> None:
    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    look = release.parent / "look.png"
    result = run("realism", library, "--real", release, "--pictures", look)
    assert result.exit_code == 0
    assert look.exists()
    assert result.stderr.startswith("Left out: P7_L_DM_CC: ")
    assert "4 phantoms, 2 real" in result.stdout


def test_bad_input_gets_a_sentence(
    run: Run, library: Path, release: Path, picture: Path, tmp_path: Path
) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "notes.txt").write_text("keep")
    folder = tmp_path / "look.png"
    folder.mkdir()
    for words, expected in (
        ((library, "--real", tmp_path / "nowhere"), "no file or folder 'nowhere'"),
        ((library, "--real", picture.parent), "none with a known pathology"),
        ((library, "--real", release, "--limit", 0), "--limit is 0"),
        ((library, "--real", release, "--out", other), "holds other files"),
        ((library, "--real", release, "--pictures", tmp_path / "a.jpg"), "ends in .png"),
        ((library, "--real", release, "--pictures", folder), "which is a folder"),
    ):
        result = run("realism", *words)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert "Traceback" not in result.stderr
    assert (other / "notes.txt").read_text() == "keep"

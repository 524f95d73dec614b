from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.builders import LOW, make_patients

from .conftest import Run

pytestmark = pytest.mark.usefixtures("decoded_here")


def test_the_fit_to_odd_patients_stands_beside_the_codes_constants(
    run: Run, tmp_path: Path
) -> None:
    release = make_patients(tmp_path / "release", 40)
    result = run("greys", release)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("Fitted to 20 images of 20 patients; 7 components keep") == 2
    assert "Low-energy images" in result.stdout
    assert "Recombined images" in result.stdout
    assert "4.198" in result.stdout  # the median in the code
    assert result.stdout.count("MEAN = np.array([") == 2
    assert result.stdout.count("SPREAD = np.array([") == 1
    everyone = run("greys", release, "--all-patients")
    assert everyone.stdout.count("Fitted to 40 images of 40 patients") == 2


def test_bad_input_gets_a_sentence(run: Run, release: Path, picture: Path, tmp_path: Path) -> None:
    for words, expected in (
        ((tmp_path / "nowhere",), "no file or folder 'nowhere'"),
        ((picture.parent,), "no case of a patient with an odd number"),
        ((release,), "low-energy images have all 14 figures; give a CDD-CESM folder"),
        ((release, "--limit", 0), "--limit is 0"),
    ):
        result = run("greys", *words)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert "Traceback" not in result.stderr


def test_an_unreadable_case_is_reported(run: Run, tmp_path: Path) -> None:
    release = make_patients(tmp_path / "release", 40)
    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    result = run("greys", release)
    assert result.exit_code == 0
    assert result.stderr.startswith("Left out: P7_L_DM_CC: ")
    assert "Fitted to 19 images" in result.stdout

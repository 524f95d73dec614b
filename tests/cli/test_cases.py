from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.builders import LOW, dicom_bytes, mammogram

from .conftest import Run


def test_cases_prints_counts_and_warnings(run: Run, release: Path) -> None:
    result = run("cases", release)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "CDD-CESM: 4 images, 2 patients"
    assert "pathology   benign 1, malignant 1, normal 1, not given 1" in lines
    assert "view        CC 1, MLO 3" in lines
    assert any(line.startswith("Warning: ") for line in lines)


def test_list_prints_one_line_per_case(run: Run, release: Path) -> None:
    lines = run("cases", release, "--list").stdout.splitlines()
    table = [line.split("\t") for line in lines if "\t" in line]
    assert table[0][:3] == ["id", "patient_id", "pathology"]
    assert [row[0] for row in table[1:]] == [
        "P7_L_DM_CC", "P7_R_DM_MLO", "P99_L_DM_MLO", "P99_L_DM_MLO_2",
    ]  # fmt: skip
    assert {len(row) for row in table} == {8}


def test_check_decodes_every_case(run: Run, release: Path) -> None:
    result = run("cases", release, "--check")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("4 cases read, ")

    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    assert run("cases", release).exit_code == 0  # nothing is decoded without --check
    result = run("cases", release, "--check")
    assert result.exit_code == 2
    assert "Unreadable: P7_L_DM_CC: " in result.stdout
    assert result.stderr == ("1 of 4 cases of CDD-CESM cannot be read; they are listed above.\n")


def test_the_built_in_library_can_be_checked(run: Run) -> None:
    result = run("cases", "library")
    assert result.exit_code == 0
    assert "phantoms, synthetic" in result.stdout.splitlines()[0]


@pytest.mark.sample
def test_the_real_sample_can_be_checked(run: Run, sample_folder: Path) -> None:
    result = run("cases", sample_folder)
    assert result.exit_code == 0
    assert result.stdout.startswith("CDD-CESM: ")


def test_check_prints_what_decoding_found_out(run: Run, tmp_path: Path) -> None:
    ds = mammogram()
    ds.WindowCenter, ds.WindowWidth = [2000, 100], [900, 50]
    (tmp_path / "a.dcm").write_bytes(dicom_bytes(ds))
    sentence = "a: The file offers several windows; the first one is used."
    assert sentence not in run("cases", tmp_path).stdout
    assert f"Warning: {sentence}" in run("cases", tmp_path, "--check").stdout.splitlines()

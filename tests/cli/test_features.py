from __future__ import annotations

import csv
from pathlib import Path

from .conftest import Run


def test_the_results_are_printed_and_written(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("features", "parts", release, "--weights", tiny_weights, "--maps", 1, "--out", out)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "features.md").read_text()
    assert document in result.stdout
    for expected in ("the network as it is", "without global response normalisation", "last 2 bl"):
        assert expected in document
    rows = list(csv.DictReader((out / "features.csv").read_text().splitlines()))
    cases = {row["case_id"] for row in rows}
    assert len(cases) == 3  # the fourth has no row in the table
    assert len(rows) % len(cases) == 0
    assert {row["case_id"] for row in rows if row["map_agreement"]} == {rows[0]["case_id"]}
    assert str(tmp_path) not in document + (out / "manifest.json").read_text()
    assert run(*words).exit_code == 0
    refused = run(*words, "--limit", 1)
    assert (refused.exit_code, "another request" in refused.stderr) == (2, True)


def test_channels_are_measured_at_the_blocks_that_are_named(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("features", "channels", release, "--weights", tiny_weights, "--limit", 2)
    result = run(*words, "--layers", "stage 4,Stage 1 Block 2", "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    document = (out / "features.md").read_text()
    assert document in result.stdout
    assert "Stage 4 Block 2, more and more channels" in document
    assert "Stage 3" not in document
    rows = list(csv.DictReader((out / "features.csv").read_text().splitlines()))
    assert len(rows) == 2 * (320 + 40)
    assert {row["block"] for row in rows} == {"stages.3.blocks.1", "stages.0.blocks.1"}
    assert all(float(row["effect"]) == float(row["effect"]) for row in rows)
    assert str(tmp_path) not in document + (out / "manifest.json").read_text()
    refused = run(*words, "--out", out)
    assert (refused.exit_code, "another request" in refused.stderr) == (2, True)


def test_bad_input_gets_a_sentence(
    run: Run, release: Path, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    for words, expected in (
        (("parts", release, "--maps", -1), "--maps is"),
        (("colours", release), "colours"),
        (("parts", release, "--layers", "stage 3"), "--layers is of features channels"),
        (("channels", release, "--maps", 1), "--maps is of features parts"),
        (("channels", release, "--layers", "stage 9"), "The block is 'stage 9'; allowed are"),
        (("channels", picture.parent), "no case with a known pathology"),
        (("parts", tmp_path / "nowhere"), "no file or folder 'nowhere'"),
        (("parts", picture.parent), "no case with a known pathology"),
    ):
        result = run("features", *words, "--weights", tiny_weights)
        assert result.exit_code == 2
        assert expected in result.stderr

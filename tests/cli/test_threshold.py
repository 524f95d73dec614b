"""Another operating point: a case between it and one half changes sides, and results say so."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cases.builders import make_release
from xai_core.study.rows import read_rows

from .conftest import Run


def predictions(run: Run, source: Path, weights: Path, *words: object) -> list[dict[str, str]]:
    out = source.parent / "predictions.csv"
    result = run("predict", source, "--weights", weights, "--out", out, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def between(run: Run, release: Path, tiny_weights: Path) -> tuple[dict[str, str], float]:
    """A case, and an operating point that is on the other side of its P than one half."""
    row = predictions(run, release, tiny_weights)[0]
    p = float(row["probability_malignant"])
    return row, round(p * 0.9 if p < 0.5 else p + 0.1 * (1 - p), 6)


@pytest.mark.parametrize("by_option", [True, False])
def test_the_case_changes_sides_in_every_result(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, between: tuple[dict[str, str], float], by_option: bool,
) -> None:  # fmt: skip
    before, threshold = between
    other = {"malignant": "benign", "benign": "malignant"}[before["predicted"]]
    source = "--threshold" if by_option else "XAI_THRESHOLD"
    option: tuple[object, ...] = (source, threshold) if by_option else ()
    if not by_option:
        monkeypatch.setenv(source, str(threshold))
    words = ("--weights", tiny_weights, *option)
    note = f"P(malignant) at least {threshold:g} (set by {source})"

    row = predictions(run, release, tiny_weights, *option)[0]
    assert (row["case_id"], row["predicted"]) == (before["case_id"], other)
    assert (row["threshold"], row["logit_benign"]) == (str(threshold), before["logit_benign"])

    picture = next((release / "Low energy images of CDD-CESM").glob(f"{before['case_id']}.*"))
    run("explain", picture, "--curves", "none", *words, "--out", tmp_path / "one")
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    prediction = manifest["prediction"]
    assert prediction["decision_rule"] == note
    assert prediction["threshold"] == manifest["request"]["threshold"] == threshold
    assert prediction["predicted"] == manifest["target"]["name"] == other

    result = run("evaluate", "--cases", release, "--methods", "grad-cam", "--limit", 1,
                 *words, "--out", tmp_path / "study")  # fmt: skip
    assert note in result.stdout
    rows = read_rows(tmp_path / "study" / "rows.parquet")
    assert rows is not None
    assert {(r.predicted, r.target, r.threshold) for r in rows} == {(other, other, threshold)}

    for verb in ("performance", "pointing"):
        result = run(verb, release, *words, "--out", tmp_path / verb)
        assert f"decided by {note}" in result.stdout
        record = json.loads((tmp_path / verb / "manifest.json").read_text())
        assert record["request"]["threshold"] == threshold

    run("precompute", release, "--methods", "grad-cam", "--limit", 1, *words,
        "--out", tmp_path / "made")  # fmt: skip
    record = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert record["request"]["threshold"] == threshold
    assert (f"--threshold {threshold}" in record["command"]) is by_option


def test_a_result_of_another_operating_point_is_not_replaced(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    source, out = make_release(tmp_path / "release"), tmp_path / "out"
    words = ("performance", source, "--weights", tiny_weights, "--out", out)
    assert run(*words).exit_code == 0
    result = run(*words, "--threshold", 0.3)
    assert result.exit_code == 2
    assert "--force" in result.stderr


@pytest.mark.parametrize("value", ["0", "1", "nan"])
def test_a_threshold_that_is_no_probability_is_one_sentence(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, value: str
) -> None:
    result = run("predict", release, "--weights", tiny_weights, "--threshold", value,
                 "--out", tmp_path / "out.csv")  # fmt: skip
    assert result.exit_code == 2
    assert "--threshold is" in result.stderr
    assert not (tmp_path / "out.csv").exists()

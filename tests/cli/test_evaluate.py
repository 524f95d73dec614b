from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cases.builders import LOW, encode, noise
from tests.conftest import TINY_LAYERS, make_case
from tests.support.sources import MemorySource
from xai_core.explain.explainer import Explainer
from xai_core.explain.identity import model_digest
from xai_core.model.classifier import Classifier
from xai_core.model.spec import read_spec
from xai_core.study.evaluate import ROWS, Plan, measure, part_of
from xai_core.study.rows import PROVENANCE, SCHEMA

from .conftest import Run

QUICK = ("--methods", "grad-cam,hybrid-cam", "--no-store")


def measured(out: Path) -> list[dict]:
    """The merged rows without times and costs."""
    return pq.read_table(out / "rows.parquet").drop_columns(list(PROVENANCE)).to_pylist()


def test_evaluate_writes_rows_and_tables(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run("evaluate", "--cases", release, *QUICK, "--weights", tiny_weights, "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(p.name for p in out.iterdir()) == [
        "rows", "rows.parquet", "run.json", "tables.csv", "tables.md", "tables.tex",
    ]  # fmt: skip
    assert pq.read_schema(out / "rows.parquet").remove_metadata() == SCHEMA
    rows = measured(out)
    assert len(rows) == 4 * 2 * 2
    assert [(r["layer"], r["method"]) for r in rows[:4]] == [
        (layer, method) for layer in TINY_LAYERS for method in ("grad-cam", "hybrid-cam")
    ]
    for row in rows:
        assert row["target"] == row["predicted"]
        assert row["outcome"] in ("TP", "TN", "FP", "FN", None)
        if row["map_state"] == "ok":
            assert 0 <= row["insertion_auc"] <= 1
            assert 0 <= row["deletion_auc"] <= 1
    text = (out / "tables.md").read_text()
    assert "## Table 1: Stage 3 Block 6" in text
    assert "## Table 2: Stage 4 Block 2" in text
    assert "141" in text
    assert "147" in text
    assert text.strip() == result.stdout.strip()
    assert r"\begin{tabular}" in (out / "tables.tex").read_text()
    sentence = "The ranking agrees with the paper's: cannot be told."
    for name in ("tables.md", "tables.tex", "tables.csv"):
        assert sentence in (out / name).read_text()
    assert str(tmp_path) not in text + (out / "run.json").read_text()


@pytest.mark.slow
def test_a_stopped_run_resumes_to_the_same_result(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("evaluate", "--cases", release, *QUICK[:2], "--weights", tiny_weights, "--out")
    assert run(*words, tmp_path / "whole", "--no-store").exit_code == 0

    explain, asked = Explainer.explain, []

    def stop_in_the_third_case(self: Explainer, *args: object) -> object:
        asked.append(args)
        if len(asked) == 10:  # four requests a case
            raise KeyboardInterrupt
        return explain(self, *args)

    out = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(Explainer, "explain", stop_in_the_third_case)
        result = run(*words, out)
        assert result.exit_code == 130
        assert result.stderr == ("Stopped after 2 of 4 cases; run the same command to go on.\n")
        assert len(list((out / ROWS).iterdir())) == 2
        assert not (out / "rows.parquet").exists()

        asked.clear()
        patch.setattr(Explainer, "explain", lambda *a: asked.append(a) or explain(*a))
        assert run(*words, out).exit_code == 0
        assert len(asked) == 2 * 4  # the two cases that were not done

    assert measured(out) == measured(tmp_path / "whole")
    for name in ("tables.md", "tables.tex", "run.json"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_damaged_part_is_measured_again(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    words = ("evaluate", "--cases", release, *QUICK, "--limit", 2, "--weights", tiny_weights)
    out = tmp_path / "out"
    run(*words, "--out", out)
    before = measured(out)
    part = part_of(out, before[0]["case_id"])
    part.write_bytes(part.read_bytes()[:100])
    assert run(*words, "--out", out).exit_code == 0
    assert measured(out) == before


def test_a_case_that_changed_is_measured_again(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    words = ("evaluate", "--cases", release, *QUICK, "--limit", 2, "--weights", tiny_weights)
    out = tmp_path / "out"
    run(*words, "--out", out)
    before = measured(out)
    (release / LOW / "P7_L_DM_CC.jpg").write_bytes(encode(noise(64, 48, seed=99), "JPEG"))
    assert run(*words, "--out", out).exit_code == 0
    after = measured(out)
    same = [a["image_sha256"] == b["image_sha256"] for a, b in zip(before, after, strict=True)]
    assert same == [row["case_id"] != "P7_L_DM_CC" for row in before]
    assert len(set(same)) == 2


def test_a_case_whose_marks_changed_is_measured_again(tiny_weights: Path) -> None:
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"))
    plan = Plan(("grad-cam",), (TINY_LAYERS[0],))
    case = make_case()
    source = MemorySource([case])
    before = measure(explainer, source, case, plan)
    assert measure(explainer, source, case, plan, before) is before
    other = make_case(lesion_mask=np.roll(case.lesion_mask, 20, axis=0))
    after = measure(explainer, MemorySource([other]), other, plan, before)
    assert after[0].image_sha256 == before[0].image_sha256
    assert after[0].metrics["distance"] != before[0].metrics["distance"]
    assert after[0].metrics["insertion_auc"] == before[0].metrics["insertion_auc"]


def test_a_run_may_be_repeated_with_another_limit(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("evaluate", "--cases", release, *QUICK, "--weights", tiny_weights, "--out", out)
    cases = []
    for limit in (1, 3, 2):
        assert run(*words, "--limit", limit).exit_code == 0
        cases.append(len({row["case_id"] for row in measured(out)}))
    assert cases == [1, 3, 2]
    assert len(list((out / ROWS).iterdir())) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--curves", "full"), "curves"),
        (("--ties", "by-index"), "ties"),
        (("--baselines",), "baselines"),
        (("--methods", "grad-cam"), "methods, conventions"),
        (("--layers", TINY_LAYERS[1]), "layers"),
    ],
)
def test_a_run_with_other_parameters_needs_another_folder(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, change: tuple, sentence: str
) -> None:
    out = tmp_path / "out"
    words = ("evaluate", "--cases", release, *QUICK, "--limit", 1, "--weights", tiny_weights)
    run(*words, "--out", out)
    before = (out / "run.json").read_bytes()
    result = run(*words, *change, "--out", out)
    assert result.exit_code == 2
    assert f"another value of {sentence};" in result.stderr
    assert (out / "run.json").read_bytes() == before


@pytest.mark.parametrize("change", [{"threshold": 0.31}, {"mean": (0.5,) * 3}])
def test_another_threshold_or_preparation_needs_another_folder(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    weights = tmp_path / "model.safetensors"
    shutil.copy(tiny_weights, weights)
    spec = read_spec(tiny_weights)
    out = tmp_path / "out"
    words = ("evaluate", "--cases", release, *QUICK, "--limit", 1, "--weights", weights)
    spec.write(weights.with_suffix(".json"))
    assert run(*words, "--out", out).exit_code == 0
    rows = measured(out)
    assert {row["threshold"] for row in rows} == {0.5}
    assert {row["model_sha256"] for row in rows} == {model_digest(spec)}
    dataclasses.replace(spec, **change).write(weights.with_suffix(".json"))
    result = run(*words, "--out", out)
    assert result.exit_code == 2
    assert f"another value of {next(iter(change))};" in result.stderr
    assert measured(out) == rows


def test_rows_and_run_name_engine_and_software(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = (*QUICK, "--limit", 1, "--weights", tiny_weights, "--out", out)
    run("evaluate", "--cases", release, *words)
    rows = pq.read_table(out / "rows.parquet").to_pylist()
    assert {"PyTorch" in row["engine"] for row in rows} == {True}
    run_file = json.loads((out / "run.json").read_text())
    assert {row["software"] for row in rows} == {
        "; ".join(f"{name} {number}" for name, number in run_file["software"].items())
    }
    assert {"xai_core", "torch", "timm"} <= run_file["software"].keys()


def test_another_source_needs_another_folder(
    run: Run, release: Path, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = (*QUICK, "--limit", 1, "--weights", tiny_weights, "--out", out)
    run("evaluate", "--cases", release, *words)
    result = run("evaluate", "--cases", picture.parent, *words)
    assert result.exit_code == 2
    assert "another value of source, cases" in result.stderr


def test_an_unreadable_case_is_reported_and_left_out(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    bad = release / LOW / "P7_L_DM_CC.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    out = tmp_path / "out"
    result = run("evaluate", "--cases", release, *QUICK, "--weights", tiny_weights, "--out", out)
    assert result.exit_code == 0
    assert result.stderr.startswith("Left out: ")
    assert "P7_L_DM_CC" in result.stderr
    problems = [row for row in measured(out) if row["problem"]]
    assert [row["case_id"] for row in problems] == ["P7_L_DM_CC"]
    assert "1 case that cannot be read" in (out / "tables.md").read_text()


def test_pictures_without_truth_give_rows_but_no_summary(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    shutil.copy(picture, picture.with_name("second.png"))
    out = tmp_path / "out"
    words = ("--layers", TINY_LAYERS[0], *QUICK, "--weights", tiny_weights, "--out", out)
    result = run("evaluate", "--cases", picture.parent, *words)
    assert result.exit_code == 0
    assert "nan" not in result.stdout
    assert "0 (0)" in result.stdout
    assert "Table 2" not in result.stdout
    assert json.loads((out / "run.json").read_text())["request"]["layers"] == [TINY_LAYERS[0]]


def test_equal_masks_of_two_methods_are_scored_once(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    """Hybrid-CAM orders pixels as Grad-CAM does, so most images of its curves are known."""
    out = tmp_path / "out"
    words = ("--limit", 1, "--layers", TINY_LAYERS[0], *QUICK, "--weights", tiny_weights)
    run("evaluate", "--cases", release, *words, "--out", out)
    grad, hybrid = pq.read_table(out / "rows.parquet").to_pylist()
    assert grad["map_state"] == hybrid["map_state"] == "ok"
    assert hybrid["forwards"] < 10 + hybrid["curve_images"]

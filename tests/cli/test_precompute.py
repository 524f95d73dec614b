"""``precompute``: later requests score nothing, a stop loses nothing, omissions are reported."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from PIL import Image
from torch import Tensor

from tests.cases.builders import LOW
from tests.conftest import TINY_LAYERS
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier
from xai_core.scoring import disk_store
from xai_core.types import DENSE_LEVELS

from .conftest import Run

QUICK = ("--methods", "grad-cam", "--layers", TINY_LAYERS[1])
BAD = "P7_L_DM_CC"


@pytest.fixture(autouse=True)
def quick_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits from an image's brightness alone: these tests are about what is stored, and when."""

    def score(self: Classifier, images: Tensor) -> Tensor:
        left, right = images.flatten(2).mean(1).chunk(2, dim=1)
        return torch.stack([left.mean(1), right.mean(1) * 2], dim=1)

    monkeypatch.setattr(Classifier, "score", score)


FILES_PER_CASE = 2  # a logit cache, and a raw-map cache for the one layer of QUICK


def scored(result: Result) -> int:
    """The number of scored images that a run reports."""
    assert result.exit_code == 0, result.output
    return int(result.stdout.split("maps; ")[1].split(" ")[0])


def cache_files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*.safetensors")}


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def test_precomputed_results_are_not_scored_again(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    words = ("precompute", release, *QUICK, "--weights", tiny_weights)
    first = run(*words)
    assert first.stderr == ""
    assert first.stdout.startswith("Cache folder: 4 of 4 cases, 4 maps; ")
    assert scored(first) > 4 * 10
    assert len(cache_files(tmp_path / "store")) == 4 * FILES_PER_CASE
    assert scored(run(*words)) == 0
    case = release / LOW / "P7_L_DM_CC.jpg"
    out = tmp_path / "out"
    asked = run("explain", case, "--layer", TINY_LAYERS[1], "--weights", tiny_weights, "--out", out)
    assert asked.exit_code == 0
    assert manifest_of(out)["forward_passes"]["scored"] == 0


def test_methods_layers_targets_and_limit_choose_the_requests(
    run: Run, release: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain, asked = Explainer.explain, []
    monkeypatch.setattr(Explainer, "explain", lambda *a: asked.append(a[2]) or explain(*a))
    words = ("--methods", "grad-cam,hybrid-cam", "--targets", "both", "--limit", 1)
    result = run("precompute", release, *words, "--weights", tiny_weights)
    assert "1 of 1 cases, 8 maps" in result.stdout
    dense = [r for r in asked if r.option("levels") == DENSE_LEVELS]
    asked = [r for r in asked if r.option("levels") != DENSE_LEVELS]
    assert len(dense) == 4
    assert {(r.method, r.curves) for r in dense} == {("hybrid-cam", "none")}
    assert [(r.layer, r.method, r.target) for r in asked] == [
        (layer, method, target)
        for layer in TINY_LAYERS
        for method in ("grad-cam", "hybrid-cam")
        for target in ("benign", "malignant")
    ]
    assert {r.curves for r in asked} == {"adaptive"}


@pytest.mark.parametrize("to_folder", [False, True])
def test_a_stopped_run_resumes_with_what_it_scored(
    run: Run,
    release: Path,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    to_folder: bool,
) -> None:
    words = ["precompute", release, *QUICK, "--weights", tiny_weights]
    whole = scored(run(*words, "--out", tmp_path / "whole"))
    out = tmp_path / ("out" if to_folder else "store")
    if to_folder:
        words += ["--out", out]
    explain, asked = Explainer.explain, []

    def stop_in_the_third_case(self: Explainer, *args: object) -> object:
        asked.append(args)
        answer = explain(self, *args)
        if len(asked) == 3:  # scored, but not yet counted
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Explainer, "explain", stop_in_the_third_case)
        result = run(*words)
    assert result.exit_code == 130
    assert result.stderr == "Stopped after 2 of 4 cases; run the same command to go on.\n"
    assert len(cache_files(out)) == 3 * FILES_PER_CASE
    if to_folder:
        manifest = manifest_of(out)
        assert (manifest["complete"], len(manifest["files"])) == (False, 3 * FILES_PER_CASE)
    assert 0 < scored(run(*words)) < whole / 2, "only the fourth case"
    assert cache_files(out) == cache_files(tmp_path / "whole")
    assert not list(out.rglob("*.part"))


def test_a_folder_of_precomputed_results_is_read_and_never_written(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precomputed = tmp_path / "ready"
    words = ("precompute", release, *QUICK, "--weights", tiny_weights)
    result = run(*words, "--limit", 2, "--out", precomputed)
    assert (result.exit_code, result.stderr) == (0, "")
    assert not cache_files(tmp_path / "store"), "the cache folder is not used"
    manifest = manifest_of(precomputed)
    assert manifest["made_by"] == "xai_core warm"
    assert manifest["complete"] is True
    assert manifest["request"]["weights"] == hashlib.sha256(tiny_weights.read_bytes()).hexdigest()
    began = "python -m xai_core precompute release --methods grad-cam "
    assert manifest["command"].startswith(began)
    assert manifest["command"].endswith(
        "--curves adaptive --ties expected --targets predicted --limit 2 --out ready"
    )
    assert manifest["left_out"] == []
    assert manifest["files"] == {
        f"{name[:2]}/{name}": hashlib.sha256(data).hexdigest()
        for name, data in sorted(cache_files(precomputed).items())
    }
    assert str(tmp_path) not in json.dumps(manifest)

    monkeypatch.setenv("XAI_PRECOMPUTED", str(precomputed))
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in precomputed.rglob("*.*")}
    assert scored(run(*words, "--limit", 2)) == 0
    assert not cache_files(tmp_path / "store")
    assert scored(run(*words, "--limit", 3)) > 0
    assert len(cache_files(tmp_path / "store")) == FILES_PER_CASE
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in precomputed.rglob("*.*")} == before


def test_a_showcase_predicts_all_and_explains_the_first_of_each_outcome(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = release / LOW / f"{BAD}.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    predicted = tmp_path / "predicted.csv"
    run("predict", release, "--weights", tiny_weights, "--out", predicted)
    with predicted.open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = {row["outcome"]: row["case_id"] for row in reversed(rows) if row["outcome"]}
    explain, asked = Explainer.explain, []
    monkeypatch.setattr(Explainer, "explain", lambda *a: asked.append(a[1].id) or explain(*a))
    monkeypatch.chdir(tmp_path)
    words = ("precompute", release, *QUICK, "--weights", tiny_weights, "--showcase", 1)
    result = run(*words, "--out", "shown/ready")
    assert result.exit_code == 0, result.output
    assert asked == [row["case_id"] for row in rows if row["case_id"] in first.values()]
    assert result.stderr.startswith(f"Left out: {BAD}: ")
    folder = tmp_path / "shown/ready"
    assert len(cache_files(folder)) == len(rows) + (FILES_PER_CASE - 1) * len(first), (
        "each has its prediction"
    )
    assert manifest_of(folder)["command"].endswith(" --showcase 1 --out shown/ready")


def test_a_showcase_needs_cases_whose_truth_is_known(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    grey = np.tile(np.arange(200, dtype=np.uint8), (240, 1))
    Image.fromarray(grey).save(folder / "one.png")
    result = run("precompute", folder, *QUICK, "--weights", tiny_weights, "--showcase", 1)
    assert result.exit_code == 2
    assert "leave out --showcase" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unreadable_case_is_reported_and_left_out(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    bad = release / LOW / f"{BAD}.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    out = tmp_path / "out"
    result = run("precompute", release, *QUICK, "--weights", tiny_weights, "--out", out)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"Left out: {BAD}: ")
    assert result.stderr.count("\n") == 1
    assert "3 of 4 cases, 3 maps" in result.stdout
    manifest = manifest_of(out)
    assert [line.split(":")[0] for line in manifest["left_out"]] == [BAD]
    assert (manifest["cases_done"], manifest["cases_wanted"]) == (3, 4)


def test_a_source_without_readable_cases_is_an_error(
    run: Run, release: Path, tiny_weights: Path
) -> None:
    for path in (release / LOW).iterdir():
        path.write_bytes(path.read_bytes()[:300])
    result = run("precompute", release, *QUICK, "--weights", tiny_weights)
    assert result.exit_code == 2
    assert result.stderr.endswith("can be read; nothing was scored.\n")


def test_a_full_disk_stops_the_run_at_the_first_case(
    run: Run, release: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk_store, "write_cache_file", full)
    result = run("precompute", release, *QUICK, "--weights", tiny_weights)
    assert result.exit_code == 2
    assert "Stopped after 0 cases: scores cannot be kept (No space left" in result.stderr


def test_a_too_small_store_limit_is_reported(
    run: Run, release: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_store, "evict", lambda *a, **k: 1)
    monkeypatch.setattr(disk_store, "_CHECKS_PER_LIMIT", 1e12)
    result = run("precompute", release, *QUICK, "--limit", 1, "--weights", tiny_weights)
    assert result.exit_code == 0
    assert "The cache folder is full: 2 kept results were removed" in result.stderr
    assert "XAI_STORE_LIMIT_MB" in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--curves", "none"), "allowed are adaptive, fine and full"),
        (("--curves", "some"), "curves are 'some'"),
        (("--targets", "malignant"), "--targets is 'malignant'; allowed are predicted, both."),
        (("--methods", "lime"), "method is 'lime'"),
        (("--methods", ","), "at least one method"),
        (("--layers", "last"), "layer is 'last'"),
        (("--limit", 0), "--limit is 0"),
        (("--showcase", 0), "--showcase is 0"),
    ],
)
def test_bad_input_gets_a_sentence_and_writes_nothing(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path, words: tuple, expected: str
) -> None:
    out = tmp_path / "out"
    result = run("precompute", release, *words, "--weights", tiny_weights, "--out", out)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_a_foreign_folder_is_never_replaced(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    words = ("precompute", release, *QUICK, "--weights", tiny_weights, "--out", out)
    for more in ((), ("--force",)):
        assert run(*words, *more).exit_code == 2
        assert [p.name for p in out.iterdir()] == ["notes.txt"]


def test_another_request_needs_force_and_replaces_the_old_results(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("--weights", tiny_weights, "--out", out)
    run("precompute", release, *QUICK, *words)
    before = cache_files(out)
    other = ("precompute", release, *QUICK, "--targets", "both", "--limit", 1)
    refused = run(*other, *words)
    assert refused.exit_code == 2
    assert "another request" in refused.stderr
    assert cache_files(out) == before
    assert run(*other, *words, "--force").exit_code == 0
    assert len(cache_files(out)) == len(manifest_of(out)["files"]) == FILES_PER_CASE
    assert manifest_of(out)["request"]["targets"] == "both"


def test_the_older_name_warm_still_works(
    run: Run, release: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    result = run("warm", release, *QUICK, "--limit", 1, "--weights", tiny_weights)
    assert result.exit_code == 0
    assert result.stdout.startswith("Cache folder: 1 of 1 cases")

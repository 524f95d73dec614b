from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xai_core.cases.sources.library import PhantomLibrary
from xai_core.cli import app
from xai_core.errors import BadAnnotation, BadRequest
from xai_core.phantom.generate import SPLIT_SEEDS
from xai_core.phantom.library import plan_library
from xai_core.types import Pathology

MIX = {Pathology.MALIGNANT: 0.4, Pathology.BENIGN: 0.4, Pathology.NORMAL: 0.2}
SMALL = ["phantom", "--count", "3", "--height", "384"]


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_a_plan_is_balanced_shuffled_and_outside_the_training_split() -> None:
    plans = plan_library(48, 3, MIX)
    assert Counter(p.pathology for p in plans) == {"malignant": 19, "benign": 19, "normal": 10}
    places = Counter((p.view, p.laterality) for p in plans)
    assert len(places) == 4
    assert max(places.values()) - min(places.values()) <= 3
    assert [p.id for p in plans] == [f"PH-{i:04d}" for i in range(1, 49)]
    kinds = [p.pathology for p in plans]
    assert kinds != sorted(kinds)
    test = range(SPLIT_SEEDS["test"], SPLIT_SEEDS["test"] + 1_000_000)
    assert all(p.texture_seed in test for p in plans)
    others = {p.texture_seed for p in plan_library(48, 4, MIX)}
    assert others.isdisjoint(p.texture_seed for p in plans)


def test_the_last_seed_stays_in_the_test_split() -> None:
    last = plan_library(9_999, 99, MIX)[-1]
    assert last.texture_seed < SPLIT_SEEDS["test"] + 1_000_000


@pytest.mark.parametrize(
    ("count", "seed", "mix", "word"),
    [
        (0, 0, MIX, "--count is 0"),
        (10_000, 0, MIX, "--count"),
        (4, -1, MIX, "--seed is -1"),
        (4, 100, MIX, "--seed"),
        (4, 0, MIX | {Pathology.NORMAL: 0.3}, "sum to 1"),
        (4, 0, MIX | {Pathology.NORMAL: float("nan")}, "sum to 1"),
        (4, 0, {Pathology.NORMAL: 1.5, Pathology.BENIGN: -0.5}, "sum to 1"),
    ],
)
def test_parameters_out_of_range_are_refused(count: int, seed: int, mix: dict, word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        plan_library(count, seed, mix)


def test_a_library_is_read_back_and_reproducible(tmp_path: Path) -> None:
    first = CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path / "a")])
    assert (first.exit_code, first.stderr) == (0, "")
    second = CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path / "deep" / "b")])
    assert second.exit_code == 0
    assert digests(tmp_path / "a") == digests(tmp_path / "deep" / "b")

    library = PhantomLibrary(tmp_path / "a")
    records = library.records()
    assert len(records) == 3
    for record in records:
        case = library.load(record.id)
        assert case.is_phantom
        assert case.image.shape[0] == 384
        assert case.view in ("CC", "MLO")
        if case.pathology is Pathology.NORMAL:
            assert case.lesion_mask is None
        else:
            assert case.lesion_mask is not None
            assert case.findings
            assert case.descriptors
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["seed"] == 0
    assert manifest["command"].startswith("python -m xai_core phantom --count 3 --seed 0 ")
    assert str(tmp_path) not in json.dumps(manifest)


def test_an_existing_folder_is_replaced_only_if_it_is_a_library(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    run = [*SMALL[:1], "--count", "1", "--height", "384", "--out", str(out)]
    runner = CliRunner()
    assert runner.invoke(app, run).exit_code == 0
    before = digests(out)
    assert runner.invoke(app, run).exit_code == 0
    assert digests(out) == before

    other = runner.invoke(app, [*run, "--seed", "1"])
    assert other.exit_code == 2
    assert "--force" in other.stderr
    assert digests(out) == before
    assert runner.invoke(app, [*run, "--seed", "1", "--force"]).exit_code == 0
    assert digests(out) != before

    (out / "notes.txt").write_text("mine")
    kept = runner.invoke(app, [*run, "--force"])
    assert kept.exit_code == 2
    assert "notes.txt" in kept.stderr
    assert (out / "notes.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lib"]


def test_ctrl_c_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("xai_core.phantom.library.generate", stop)
    result = CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path / "deep" / "lib")])
    assert result.exit_code == 130
    assert result.stderr == "Stopped; nothing was written to --out.\n"
    assert list(tmp_path.iterdir()) == []


def test_both_views_come_in_equal_shares_of_every_class_and_name_each_other() -> None:
    plans = plan_library(60, 1, MIX, 0.5)
    patients = {p.patient_id: p.pathology for p in plans}
    assert len(patients) == 60
    by_id = {p.id: p for p in plans}
    second = [p for p in plans if not p.first]
    for pathology, n in Counter(patients.values()).items():
        assert sum(p.pathology is pathology for p in second) == round(0.5 * n)
    for plan in second:
        first = by_id[plan.other or ""]
        assert (first.other, first.first) == (plan.id, True)
        assert {first.view, plan.view} == {"CC", "MLO"}
        assert first.texture_seed == plan.texture_seed
        assert first.patient_id == plan.patient_id
    with pytest.raises(BadRequest, match="--both-views"):
        plan_library(4, 0, MIX, 1.5)


@pytest.mark.slow
def test_a_library_s_second_view_is_linked_and_read_back(tmp_path: Path) -> None:
    options = ["--count", "1", "--height", "384", "--both-views", "1", "--benign", "1"]
    options += ["--malignant", "0", "--normal", "0"]
    run = CliRunner().invoke(app, ["phantom", *options, "--out", str(tmp_path / "lib")])
    assert (run.exit_code, run.stderr) == (0, "")
    first, second = PhantomLibrary(tmp_path / "lib").records()
    assert (first.other_view, second.other_view) == (second.id, first.id)
    assert first.patient_id == second.patient_id
    manifest = json.loads((tmp_path / "lib" / "manifest.json").read_text())
    manifest["cases"][1]["patient_id"] = "PH-P9999"
    (tmp_path / "lib" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadAnnotation, match="another breast"):
        PhantomLibrary(tmp_path / "lib")

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from tests.conftest import TINY_LAYERS
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.result_files import FILES
from xai_core.faithfulness.metrics import METRICS
from xai_core.model.classifier import Classifier
from xai_core.preprocessing.identity import pixels_sha256
from xai_core.types import CURVE_MODES
from xai_core.viz.pictures import overlay

from .conftest import Run


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest, read strictly: no NaN or infinity."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads((folder / "manifest.json").read_text(), parse_constant=refuse)


@pytest.mark.parametrize("layer", TINY_LAYERS)
@pytest.mark.parametrize("method", ["grad-cam", "score-cam", "hybrid-cam"])
def test_every_method_at_every_layer(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path, method: str, layer: str
) -> None:
    out = tmp_path / "out"
    channels = ("--channels", 6) if method == "score-cam" else ()
    result = run(
        "explain", picture, "--method", method, "--layer", layer, *channels,
        "--weights", tiny_weights, "--out", out,
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)

    heat = np.load(out / "heatmap.npy")
    assert (heat.dtype, heat.shape) == (np.float32, (96, 96))
    assert heat.min() >= 0
    assert heat.max() <= 1
    written = manifest_of(out)
    assert written["method"] == method
    assert written["layer"] == layer
    assert written["map"]["state"] in ("ok", "no positive evidence", "no level raises the score")
    assert bool(written["levels"]) == (method == "hybrid-cam")
    assert written["conventions"]
    assert written["request"].get("channels") == (6 if method == "score-cam" else None)


def test_the_written_files_hold_the_computed_result(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("explain", picture, "--weights", tiny_weights, "--out", out, "--target", "malignant")
    written = manifest_of(out)
    assert written["format"] == 1, "readers of earlier manifests know this one"
    seen = np.load(out / "input.npy")
    assert (seen.dtype, seen.shape) == (np.float32, (3, 96, 96))

    classifier = Classifier.open(tiny_weights, "cpu")
    grey = np.asarray(Image.open(picture), np.float32) / 255
    prepared = classifier.prepare(grey)
    np.testing.assert_array_equal(seen, classifier.normalise(prepared.grey)[0].numpy())
    logits = classifier.predict(prepared).logits
    assert written["prediction"]["classes"] == ["benign", "malignant"]
    assert written["prediction"]["logits"] == pytest.approx(logits, abs=1e-5)
    assert sum(written["prediction"]["probabilities"]) == pytest.approx(1)
    assert written["target"] == {"class": 1, "name": "malignant"}
    assert written["geometry"] == prepared.geometry.as_json()
    assert written["digests"]["image_sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert written["digests"]["pixels_sha256"] == pixels_sha256(grey)
    assert written["digests"]["weights_sha256"] == classifier.spec.sha256
    assert (
        written["digests"]["prepared_sha256"] == hashlib.sha256(prepared.grey.tobytes()).hexdigest()
    )
    heat = prepared.geometry.map_to_case(np.load(out / "heatmap.npy"), (120, 90))
    with Image.open(out / "overlay.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), overlay(grey, heat, opacity=0.5))


def test_the_geometry_maps_the_case_to_the_networks_input(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    image = np.zeros((200, 160), np.uint8)
    image[40:180, 10:90] = 60  # the breast
    image[100:110, 30:40] = 255  # a square in it
    path = tmp_path / "square.png"
    path.write_bytes(encode(image))
    out = tmp_path / "out"
    run("explain", path, "--curves", "none", "--weights", tiny_weights, "--out", out)
    g = manifest_of(out)["geometry"]
    assert g["crop"] == [10, 40, 90, 180]
    bright = np.argwhere(np.load(out / "input.npy")[0] > 2.5).mean(0) + 0.5
    x = (35 - g["crop"][0]) * g["scale"] + g["pad"][0]
    y = (105 - g["crop"][1]) * g["scale"] + g["pad"][1]
    assert bright == pytest.approx((y, x), abs=0.3)


@pytest.mark.slow
def test_the_areas_of_the_curves_equal_those_of_the_manifest(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    points = {}
    for mode in CURVE_MODES:
        out = tmp_path / mode
        words = ("--curves", mode, "--ties", "by-index", "--weights", tiny_weights, "--out", out)
        run("explain", picture, *words)
        with (out / "curves.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        written = manifest_of(out)
        points[mode] = len(rows)
        if mode == "none":
            assert (rows, written["curves"]) == ([], None)
            continue
        for kind in ("insertion", "deletion"):
            known = [(float(r["fraction"]), float(r[kind])) for r in rows if r[kind]]
            fraction, p = np.array(known).T
            assert (fraction[0], fraction[-1]) == (0, 1)
            assert (np.diff(fraction) > 0).all()
            assert np.trapezoid(p, fraction) == written["curves"][kind]["auc"]
            assert len(known) == written["curves"][kind]["points"]
        assert written["forward_passes"]["curves_rest_on"] > 0
    assert points["full"] == 577
    assert 9 <= points["adaptive"] < 100


def test_a_repeated_request_scores_no_image(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    words = ("explain", picture, "--weights", tiny_weights)
    run(*words, "--out", tmp_path / "a")
    run(*words, "--out", tmp_path / "b")
    run(*words, "--out", tmp_path / "c", "--no-store")
    first, second, third = (
        manifest_of(tmp_path / name)["forward_passes"]["scored"] for name in "abc"
    )
    assert first == third > 0
    assert second == 0
    assert (tmp_path / "a" / "heatmap.npy").read_bytes() == (
        tmp_path / "b" / "heatmap.npy"
    ).read_bytes()


def test_reliability_is_written_if_requested(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("explain", picture, "--reliability", "--weights", tiny_weights, "--out", out)
    written = manifest_of(out)
    assert set(written["reliability"]) == {
        "ties by lower index", "ties by higher index", "centre first", "ROAD",
        "random order, seed 0", "random order, seed 1", "random order, seed 2",
        "baseline mean grey of the breast",
    }  # fmt: skip
    for kind in ("insertion", "deletion"):
        theirs = written["reliability"]["centre first"][kind]
        ours = written["metrics"][f"centre_first_{kind}_auc"]
        assert (ours["value"], ours["error"]) == (theirs["auc"], theirs["error"])
    removed = written["reliability"]["ROAD"]
    halved = np.subtract(removed["least relevant first"], removed["most relevant first"]).mean() / 2
    assert written["metrics"]["road"]["value"] == pytest.approx(halved)


def test_ties_by_index_are_named_and_give_the_curves_of_one_order(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    for ties, words in (("expected", "descending; expectation"), ("by-index", "by lower index")):
        out = tmp_path / ties
        run("explain", picture, "--ties", ties, "--weights", tiny_weights, "--out", out)
        written = manifest_of(out)
        assert written["request"]["ties"] == ties
        assert words in written["conventions"]["curve order"]


def test_every_metric_has_a_value_or_a_reason(
    run: Run, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cases.builders import make_library

    folder = make_library(tmp_path / "library")
    monkeypatch.setattr(
        "xai_core.explain.result_files.PhantomLibrary", lambda: PhantomLibrary(folder)
    )
    run("explain", "library:PH-0001", "--weights", tiny_weights, "--out", tmp_path / "out")
    written = manifest_of(tmp_path / "out")
    measured = written["metrics"]
    assert list(measured) == list(METRICS)
    assert written["map"]["state"] == "ok"
    assert measured["tie_fraction"]["value"] == written["map"]["tie_fraction"]
    for kind in ("insertion", "deletion"):
        ours, theirs = measured[f"{kind}_auc"], written["curves"][kind]
        assert (ours["value"], ours["error"]) == (theirs["auc"], theirs["error"])
    assert measured["interpretable"]["value"] is written["curves"]["interpretable"]
    assert measured["curve_images"]["value"] == written["forward_passes"]["curves_rest_on"]
    assert measured["mask_area"]["unit"] == "share of pixels"
    assert 0 < measured["mask_area"]["value"] < 1, "the case has a mask"
    assert measured["hit"]["value"] is (measured["distance"]["value"] <= 15)
    assert measured["spearman"] == {
        "value": None, "error": None, "unit": "Spearman's rho", "state": "the map is the exact one",
    }  # fmt: skip


def test_a_library_case_and_a_dicom_file_can_be_explained(
    run: Run, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cases.builders import make_library

    folder = make_library(tmp_path / "library")
    monkeypatch.setattr(
        "xai_core.explain.result_files.PhantomLibrary", lambda: PhantomLibrary(folder)
    )
    words = ("--curves", "none", "--weights", tiny_weights, "--out")
    assert run("explain", "library:PH-0002", *words, tmp_path / "a").exit_code == 0
    written = manifest_of(tmp_path / "a")
    digest = hashlib.sha256((folder / "PH-0002.png").read_bytes()).hexdigest()
    assert written["digests"]["image_sha256"] == digest
    assert written["case"]["is_phantom"]

    dicom = tmp_path / "study.dcm"
    dicom.write_bytes(dicom_bytes(mammogram(noise(120, 90, top=4095))))
    assert run("explain", dicom, *words, tmp_path / "b").exit_code == 0
    text = (tmp_path / "b" / "manifest.json").read_text()
    assert "SECRET" not in text
    assert "Secret" not in text


def test_another_result_is_replaced_only_with_force(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("explain", picture, "--curves", "none", "--weights", tiny_weights, "--out", out)
    assert run(*words).exit_code == 0
    assert run(*words).exit_code == 0
    other = run(*words, "--method", "hybrid-cam")
    assert other.exit_code == 2
    assert "another request" in other.stderr
    assert manifest_of(out)["method"] == "grad-cam"
    assert run(*words, "--method", "hybrid-cam", "--force").exit_code == 0
    assert manifest_of(out)["method"] == "hybrid-cam"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_ctrl_c_leaves_no_files(
    run: Run,
    picture: Path,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("xai_core.explain.result_files.overlay", stop)
    out = tmp_path / "deep" / "out"
    result = run("explain", picture, "--curves", "none", "--weights", tiny_weights, "--out", out)
    assert result.exit_code == 130
    assert not (tmp_path / "deep").exists()


@pytest.mark.sample
def test_a_real_image_can_be_explained(
    run: Run, sample_folder: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    image = min(sample_folder.rglob("*_DM_*.jpg"))
    out = tmp_path / "out"
    result = run(
        "explain", image, "--method", "hybrid-cam", "--weights", tiny_weights, "--out", out
    )
    assert result.exit_code == 0, result.stderr
    with Image.open(image) as original, Image.open(out / "overlay.png") as drawn:
        assert drawn.size == original.size


def test_a_name_that_is_not_utf_8_is_written_by_its_bytes(
    run: Run, picture: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    shutil.copy(picture, odd)
    words = ("--curves", "none", "--weights", tiny_weights, "--out", tmp_path / "out")
    result = run("explain", odd, *words)
    assert result.exit_code == 0
    assert manifest_of(tmp_path / "out")["case"]["id"] == "caf%E9"


@pytest.mark.parametrize("option", ["--out", "--weights"])
def test_a_name_that_is_too_long_gets_a_sentence(
    run: Run, picture: Path, tmp_path: Path, option: str
) -> None:
    words: dict[str, object] = {"--out": tmp_path / "out"}
    words[option] = tmp_path / f"{'x' * 300}.safetensors"
    result = run("explain", picture, *(word for pair in words.items() for word in pair))
    assert result.exit_code == 2
    assert "too long" in result.stderr
    assert result.stderr.count("\n") == 1

"""Networks and classes other than the built-in model's are explained correctly."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import random_weights

from .conftest import Run
from .test_explain import manifest_of

PICO = ("convnextv2_pico", 256, ("stages.2.blocks.5", "stages.3.blocks.1"))
NANO = ("convnextv2_nano", 384, ("stages.2.blocks.7", "stages.3.blocks.1"))
TITLES = {
    PICO: ("Stage 3 Block 6", "Stage 4 Block 2"),
    NANO: ("Stage 3 Block 8", "Stage 4 Block 2"),
}
PATCHES = {
    PICO: "24 x 24 patches of 10 or 11 px a side, edges at whole pixels",
    NANO: "24 x 24 patches of 16 x 16 px",
}


@pytest.mark.slow
@pytest.mark.parametrize("network", [PICO, NANO], ids=lambda network: network[0])
def test_a_network_is_explained_at_its_own_layers(
    run: Run, picture: Path, tmp_path: Path, network: tuple[str, int, tuple[str, ...]]
) -> None:
    name, size, layers = network
    weights = random_weights(tmp_path / "other.safetensors", name, size, layers)

    def explain(out: Path, *words: object) -> None:
        result = run("explain", picture, *words, "--weights", weights, "--out", out)
        assert (result.exit_code, result.stderr) == (0, "")

    states = set()
    for stage, layer, title in zip((3, 4), layers, TITLES[network], strict=True):
        accepted = (
            layer, title, f"stage {stage}", f"stage{stage}", f"Stage {stage} last block",
            f"last block of Stage {stage}",
        )  # fmt: skip
        if network is NANO:  # the other spellings are those of any network
            accepted = (layer, f"stage {stage}")
        side = size // (16 if stage == 3 else 32)
        for i, word in enumerate(accepted):
            out = tmp_path / f"{stage} {i}"
            explain(out, "--layer", word, "--curves", "none" if i else "adaptive")
            written = manifest_of(out)
            assert (written["layer"], written["layer_title"]) == (layer, title)
            assert written["request"]["layer"] == layer
            assert written["map"]["native_shape"] == [side, side]
            heat = np.load(out / "heatmap.npy")
            assert heat.shape == (size, size)
            states.add(written["map"]["state"])
            if not i:
                assert written["conventions"]["curve patches"].startswith(PATCHES[network])
                if written["map"]["state"] == "ok":
                    assert 0 <= written["curves"]["insertion"]["auc"] <= 1
            first = np.load(tmp_path / f"{stage} 0" / "heatmap.npy")
            assert np.array_equal(heat, first), "another word for the same layer"
    assert "ok" in states, "no curve was measured"
    explain(tmp_path / "default")
    assert manifest_of(tmp_path / "default")["layer"] == layers[0]

    # A layer of the built-in model, a block that is not its stage's last, a stage without a layer.
    for wrong in ("stages.2.blocks.8", "stages.3.blocks.0", "stage 2"):
        refused = run("explain", picture, "--layer", wrong, "--weights", weights,
                      "--out", tmp_path / "refused")  # fmt: skip
        assert refused.exit_code == 2
        assert " and ".join(map("{} ({})".format, layers, TITLES[network])) in refused.stderr
        assert not (tmp_path / "refused").exists()


def test_uneven_patches_cover_every_pixel(run: Run, picture: Path, tmp_path: Path) -> None:
    """The curves start and end at the whole picture, unchanged."""
    weights = random_weights(tmp_path / "odd.safetensors", size=160)
    out = tmp_path / "out"
    run("explain", picture, "--weights", weights, "--out", out)
    written = manifest_of(out)
    assert "patches of 6 or 7 px a side" in written["conventions"]["curve patches"]
    with (out / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    whole = written["prediction"]["probabilities"][written["target"]["class"]]
    assert float(rows[0]["deletion"]) == float(rows[-1]["insertion"]) == pytest.approx(whole)


def test_a_model_with_other_classes_uses_their_names(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    weights = random_weights(
        tmp_path / "three.safetensors", class_names=("cancer", "cyst", "normal"), positive=0
    )
    out = tmp_path / "out"
    result = run("explain", picture, "--target", "cyst", "--weights", weights, "--out", out)
    assert result.exit_code == 0
    written = manifest_of(out)
    assert written["prediction"]["classes"] == ["cancer", "cyst", "normal"]
    p = written["prediction"]["probabilities"]
    assert sum(p) == pytest.approx(1)
    assert written["target"] == {"class": 1, "name": "cyst"}
    assert f"P(cancer) {p[0]:.3f}" in result.stdout
    names = written["prediction"]["classes"]
    decided = names[0] if p[0] >= 0.5 else names[1 + int(np.argmax(p[1:]))]
    assert written["prediction"]["predicted"] == decided

    table = tmp_path / "table.csv"
    assert run("predict", picture, "--weights", weights, "--out", table).exit_code == 0
    with table.open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["probability_malignant"]) == pytest.approx(p[0])
    assert float(row["logit_malignant"]) == pytest.approx(written["prediction"]["logits"][0])
    assert float(row["logit_benign"]) == pytest.approx(max(written["prediction"]["logits"][1:]))
    assert row["predicted"] == decided

    refused = run("explain", picture, "--target", "malignant", "--weights", weights,
                  "--out", tmp_path / "refused")  # fmt: skip
    assert refused.exit_code == 2
    assert "allowed are predicted, cancer, cyst, normal" in refused.stderr

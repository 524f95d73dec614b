"""The explained layers are the network's own, whatever its size, and are found by their names."""

from __future__ import annotations

import pytest
import timm
from torch import nn

from xai_core.errors import BadRequest, BadWeights
from xai_core.model.layers import (
    Layer,
    explainable_layers,
    find_layer,
    find_layers,
    layer_title,
    stage_number,
)

PICO = (
    Layer("stages.2.blocks.5", "Stage 3 Block 6", 2, 256, 16, 16),
    Layer("stages.3.blocks.1", "Stage 4 Block 2", 3, 512, 8, 32),
)


@pytest.mark.parametrize(
    ("name", "size", "described"),
    [
        ("convnextv2_pico", 256, PICO),
        (
            "convnextv2_nano", 384,
            (
                Layer("stages.2.blocks.7", "Stage 3 Block 8", 2, 320, 24, 16),
                Layer("stages.3.blocks.1", "Stage 4 Block 2", 3, 640, 12, 32),
            ),
        ),
        (
            "convnextv2_tiny", 384,
            (
                Layer("stages.2.blocks.8", "Stage 3 Block 9", 2, 384, 24, 16),
                Layer("stages.3.blocks.2", "Stage 4 Block 3", 3, 768, 12, 32),
            ),
        ),
    ],
)  # fmt: skip
def test_the_last_blocks_of_the_last_two_stages(
    name: str, size: int, described: tuple[Layer, ...]
) -> None:
    network = timm.create_model(name, pretrained=False, num_classes=2)
    assert explainable_layers(network, size) == described
    modules = dict(network.named_modules())
    for layer in described:
        assert layer.name in modules
        next_one = f"stages.{layer.stage}.blocks.{int(layer.name.rsplit('.', 1)[1]) + 1}"
        assert next_one not in modules, "it is the last of its stage"


def test_network_of_another_kind_raises_bad_weights() -> None:
    for other in (nn.Linear(1, 1), timm.create_model("resnet18", pretrained=False)):
        with pytest.raises(BadWeights, match="convnextv2_"):
            explainable_layers(other, 224)


@pytest.mark.parametrize(
    "words",
    ["stages.2.blocks.5", "Stage 3", "stage3", "STAGE 3 last block", "last block of Stage 3",
     "Stage 3 Block 6", " stage 3  block 6 ", ""],
)  # fmt: skip
def test_a_layer_is_found_by_its_name_or_its_stage(words: str) -> None:
    assert find_layer(PICO, words) is PICO[0]
    assert find_layer(PICO, words.replace("3", "4").replace("6", "2").replace("2.blocks.5",
                      "3.blocks.1")) is PICO[1 if words else 0]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    ["stages.2.blocks.8", "stages.2.blocks.4", "Stage 3 Block 9", "Stage 2", "stage", "3", "x"],
)
def test_unknown_layer_raises_bad_request_naming_allowed_ones(words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        find_layer(PICO, words)
    assert str(caught.value) == (
        f"The layer is {words!r}; allowed are stages.2.blocks.5 (Stage 3 Block 6) and "
        "stages.3.blocks.1 (Stage 4 Block 2)."
    )


def test_find_layers_removes_duplicates_and_empty_means_all() -> None:
    assert find_layers(PICO, ()) == PICO
    assert find_layers(PICO, ("stage 4", "Stage 3", "stages.3.blocks.1")) == PICO[::-1]
    with pytest.raises(BadRequest):
        find_layers(PICO, ("stage 3", "stage 1"))


def test_names_of_blocks_are_counted_from_one() -> None:
    assert layer_title("stages.2.blocks.5") == "Stage 3 Block 6"
    assert stage_number("stages.3.blocks.1") == 4
    with pytest.raises(BadRequest):
        layer_title("stage 3")

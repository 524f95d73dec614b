"""Blocks: found by name, and the two parts of the network give what the whole gives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.features.blocks import (
    Block,
    activation_at,
    blocks_of,
    default_blocks,
    find_block,
    find_blocks,
    tail_after,
)
from xai_core.model.classifier import Classifier

THIRD, FOURTH = Block(2, 5, 160, 6), Block(3, 1, 320, 3)


def test_every_block_is_listed_with_its_shape(classifier: Classifier, inputs: Tensor) -> None:
    blocks = blocks_of(classifier)
    assert len(blocks) == 12  # atto: 2, 2, 6 and 2
    assert blocks[0] == Block(0, 0, 40, 24)
    assert blocks[-1] == FOURTH
    assert FOURTH.title == "Stage 4 Block 2"
    for block in blocks:
        expected = (1, block.channels, block.side, block.side)
        assert activation_at(classifier, inputs, block).shape == expected


def test_head_and_tail_of_every_block_give_the_network(
    classifier: Classifier, inputs: Tensor
) -> None:
    with torch.inference_mode():
        whole = classifier.network(inputs)
        for block in blocks_of(classifier):
            activation = activation_at(classifier, inputs, block)
            torch.testing.assert_close(
                tail_after(classifier, block)(activation), whole, atol=1e-6, rtol=1e-6
            )


def test_an_explained_layer_s_activation_is_the_classifier_s(
    classifier: Classifier, inputs: Tensor
) -> None:
    assert default_blocks(classifier) == (THIRD, FOURTH)
    for block in default_blocks(classifier):
        own = classifier.activation(inputs, block.name)
        torch.testing.assert_close(activation_at(classifier, inputs, block), own)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("stages.2.blocks.5", THIRD), ("Stage 3 Block 6", THIRD), ("stage 3", THIRD),
        ("last block of Stage 4", FOURTH), ("stages.0.blocks.1", Block(0, 1, 40, 24)),
        (" stage2 block1 ", Block(1, 0, 80, 12)), ("", THIRD),
    ],
)  # fmt: skip
def test_a_block_is_found_by_its_names(classifier: Classifier, text: str, block: Block) -> None:
    assert find_block(classifier, text) == block


def test_several_blocks_each_once(classifier: Classifier) -> None:
    assert find_blocks(classifier, "stage 4,stages.3.blocks.1, stage 3") == (FOURTH, THIRD)
    assert find_blocks(classifier, " ") == (THIRD, FOURTH)


@pytest.mark.parametrize("text", ["stages.2.blocks.6", "stage 5", "Stage 2", "head"])
def test_an_unknown_block_is_refused(classifier: Classifier, text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        find_block(classifier, text)
    assert str(refused.value) == (
        f"The block is {text!r}; allowed are the 12 blocks from stages.0.blocks.0 (Stage 1 Block "
        "1) to stages.3.blocks.1 (Stage 4 Block 2)."
    )

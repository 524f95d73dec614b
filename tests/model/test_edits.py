"""Edits of a network's parts: what each does, worked on a small network, and that nothing stays."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from xai_core.model.edits import (
    KINDS,
    PartEdit,
    applied,
    cumulative,
    edited_logits,
    part_edits,
)
from xai_core.model.initialisation import fan_in_initialise
from xai_core.model.torchvision_shim import import_timm

SIDE = 224


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(3)
    made: nn.Module = import_timm().create_model("convnextv2_atto", num_classes=2)
    fan_in_initialise(made)
    for name, parameter in made.named_parameters():
        if "grn" in name or "norm.weight" in name:
            nn.init.normal_(parameter, 0.7, 0.5)
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def inputs() -> Tensor:
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def test_every_block_has_every_edit(network: nn.Module) -> None:
    edits = part_edits(network)
    assert len(edits) == len(set(edits)) == 12 * len(KINDS)  # atto: 2, 2, 6 and 2 blocks
    assert edits[0].title == "Stage 1 Block 1: skipped, its input passed on"
    assert edits[-1].title == "Stage 4 Block 2: layer norm with the same scale for all channels"


def test_what_lies_before_an_edit_is_shared_and_the_answer_is_that_of_a_whole_pass(
    network: nn.Module, inputs: Tensor
) -> None:
    groups = [(edit,) for edit in part_edits(network)]
    groups += [(PartEdit(3, 0, "grn"), PartEdit(1, 1, "kernel-3"))]
    plain, edited = edited_logits(network, inputs, groups)
    with torch.inference_mode():
        torch.testing.assert_close(plain, network(inputs), atol=1e-6, rtol=1e-6)
        for group, logits in zip(groups, edited, strict=True):
            with applied(network, group):
                torch.testing.assert_close(logits, network(inputs), atol=1e-6, rtol=1e-6)
    assert (edited - plain).abs().amax((1, 2)).min() > 1e-6, "every edit changes something"


def test_the_network_is_as_before_after_an_edit_and_after_an_error(network: nn.Module) -> None:
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(RuntimeError), applied(network, part_edits(network)):
        raise RuntimeError
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


def block_of(network: nn.Module, edit: PartEdit) -> nn.Module:
    block: nn.Module = network.stages[edit.stage].blocks[edit.block]  # type: ignore[index,union-attr]
    return block


def features(channels: int) -> Tensor:
    return torch.randn(1, channels, 9, 9, generator=torch.Generator().manual_seed(2))


def test_a_skipped_block_gives_its_input(network: nn.Module) -> None:
    edit = PartEdit(2, 1, "block")
    x = features(160)
    with torch.inference_mode(), applied(network, [edit]):
        torch.testing.assert_close(block_of(network, edit)(x), x)


def test_grn_becomes_the_identity(network: nn.Module) -> None:
    edit = PartEdit(2, 1, "grn")
    norm = block_of(network, edit).mlp.grn  # type: ignore[union-attr]
    x = features(640)
    with torch.inference_mode(), applied(network, [edit]):
        torch.testing.assert_close(norm(x), x)


@pytest.mark.parametrize("inner", [5, 3, 1])
def test_a_cut_kernel_is_a_smaller_convolution(network: nn.Module, inner: int) -> None:
    edit = PartEdit(2, 1, f"kernel-{inner}")
    conv = block_of(network, edit).conv_dw
    x = features(160)
    side = (7 - inner) // 2
    kernel = conv.weight[..., side : 7 - side, side : 7 - side]  # type: ignore[index]
    small = nn.functional.conv2d(x, kernel, conv.bias, padding=inner // 2, groups=160)  # type: ignore[arg-type]
    with torch.inference_mode(), applied(network, [edit]):
        torch.testing.assert_close(conv(x), small, atol=1e-5, rtol=1e-5)  # type: ignore[operator]


def test_a_flattened_norm_has_the_mean_scale(network: nn.Module) -> None:
    edit = PartEdit(2, 1, "norm")
    norm = block_of(network, edit).norm
    mean = norm.weight.mean()  # type: ignore[union-attr,operator]
    with applied(network, [edit]):
        assert torch.equal(norm.weight, torch.full_like(norm.weight, float(mean)))  # type: ignore[arg-type]


def test_cumulative_edits_begin_at_the_last_block(network: nn.Module) -> None:
    groups = cumulative(part_edits(network), "grn")
    assert len(groups) == 12
    assert groups[0] == (PartEdit(3, 1, "grn"),)
    assert groups[2] == (PartEdit(2, 5, "grn"), PartEdit(3, 0, "grn"), PartEdit(3, 1, "grn"))
    assert len(groups[-1]) == 12

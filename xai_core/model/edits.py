"""Edits of the parts of a ConvNeXt V2: what a network computes with one of its parts disabled.

Every edit is another value of parameters that the network has, so that no module changes and every
engine can compute it: global response normalisation with scale and shift 0 is the identity; a
depthwise kernel whose outer weights are 0 is a smaller one; a block whose last linear layer is 0
passes its input on; a layer norm with equal scales treats all channels alike.  The parts
are those of Woo et al., "ConvNeXt V2", CVPR 2023, figure 5.

An edited network is one that was never trained so: an edit shows what the trained network relies
on, not what a network without that part could learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from xai_core.model.layers import layer_title

KINDS: dict[str, str] = {
    "block": "skipped, its input passed on",
    "grn": "without global response normalisation",
    "kernel-5": "7 x 7 kernel cut to its inner 5 x 5",
    "kernel-3": "7 x 7 kernel cut to its inner 3 x 3",
    "kernel-1": "7 x 7 kernel cut to its centre",
    "norm": "layer norm with the same scale for all channels",
}
"""Kind of edit -> what it does to a block, in words."""


@dataclass(frozen=True, order=True)
class PartEdit:
    """One edit of one block; ``stage`` and ``block`` from 0, ``kind`` a key of :data:`KINDS`."""

    stage: int
    block: int
    kind: str

    @property
    def title(self) -> str:
        """As in a table: ``Stage 3 Block 9: without global response normalisation``."""
        place = layer_title(f"stages.{self.stage}.blocks.{self.block}")
        return f"{place}: {KINDS[self.kind]}"


def part_edits(network: nn.Module) -> tuple[PartEdit, ...]:
    """Every edit of every block, in the network's order."""
    stages = cast(Any, network).stages
    return tuple(
        PartEdit(i, j, kind)
        for i, stage in enumerate(stages)
        for j in range(len(stage.blocks))
        for kind in KINDS
    )


def cumulative(edits: Sequence[PartEdit], kind: str) -> tuple[tuple[PartEdit, ...], ...]:
    """The edits of a kind in the last block, in the last two, and so on to all blocks."""
    own = sorted((edit for edit in edits if edit.kind == kind), reverse=True)
    return tuple(tuple(sorted(own[: n + 1])) for n in range(len(own)))


@contextmanager
def applied(network: nn.Module, edits: Sequence[PartEdit]) -> Iterator[None]:
    """Have ``network`` compute with ``edits`` inside the context; its own values return after it.

    The network must be used by nothing else meanwhile.
    """
    kept: list[tuple[nn.Parameter, Tensor]] = []
    try:
        for edit in edits:
            for parameter, value in _values(network, edit):
                kept.append((parameter, parameter.data))
                parameter.data = value
        yield
    finally:
        for parameter, value in reversed(kept):
            parameter.data = value


def _values(network: nn.Module, edit: PartEdit) -> list[tuple[nn.Parameter, Tensor]]:
    """The parameters that an edit changes, with their new values."""
    block = cast(Any, network).stages[edit.stage].blocks[edit.block]
    if edit.kind == "block":
        last = block.mlp.fc2
        return [(p, torch.zeros_like(p.data)) for p in (last.weight, last.bias)]
    if edit.kind == "grn":
        norm = block.mlp.grn
        return [(p, torch.zeros_like(p.data)) for p in (norm.weight, norm.bias)]
    if edit.kind == "norm":
        scale = block.norm.weight
        return [(scale, torch.full_like(scale.data, float(scale.data.mean())))]
    kernel = block.conv_dw.weight
    cut = kernel.data.clone()
    size, inner = kernel.shape[-1], int(edit.kind.removeprefix("kernel-"))
    side = (size - inner) // 2
    keep = torch.zeros(size, size, dtype=torch.bool, device=cut.device)
    keep[side : size - side, side : size - side] = True
    cut[..., ~keep] = 0
    return [(kernel, cut)]


def edited_logits(
    network: nn.Module, inputs: Tensor, groups: Sequence[Sequence[PartEdit]]
) -> tuple[Tensor, Tensor]:
    """The logits of a network as it is (B, classes), and with each group of edits (n, B, classes).

    What lies before the first edit of a group is computed once for all groups.

    Args:
        network: used by nothing else meanwhile.
        inputs: (B, 3, S, S).
        groups: each of at least one edit.
    """
    stages = cast(Any, network).stages
    before: dict[tuple[int, int], Tensor] = {}
    with torch.inference_mode():
        x = cast(Any, network).stem(inputs)
        for i, stage in enumerate(stages):
            x = stage.downsample(x)
            for j, block in enumerate(stage.blocks):
                before[i, j] = x
                x = block(x)
        plain = _head(network, x)
        edited = []
        for group in groups:
            first = min((edit.stage, edit.block) for edit in group)
            with applied(network, group):
                edited.append(_head(network, _from_block(network, before[first], *first)))
    return plain, torch.stack(edited)


def _from_block(network: nn.Module, x: Tensor, first_stage: int, first_block: int) -> Tensor:
    for i, stage in enumerate(cast(Any, network).stages):
        if i < first_stage:
            continue
        if i > first_stage:
            x = stage.downsample(x)
        for block in list(stage.blocks)[first_block if i == first_stage else 0 :]:
            x = block(x)
    return x


def _head(network: nn.Module, x: Tensor) -> Tensor:
    whole = cast(Any, network)
    logits: Tensor = whole.forward_head(whole.norm_pre(x))
    return logits

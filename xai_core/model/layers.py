"""The layers of a network that can be explained: the last block of Stage 3 and of Stage 4.

Their names, channels and resolution are read from the network, so that any ConvNeXt V2 of timm at
any input size can be used (Woo et al. 2023, ConvNeXt V2, Table 1: networks of different size differ
in depths and channels; all have four stages with the same reductions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from torch import nn

from xai_core.errors import BadRequest, BadWeights

STAGES = (2, 3)
"""The explained stages, counted from 0 as timm's module names do: papers' Stage 3 and Stage 4."""

INPUT_MULTIPLE = 32
"""px; every stage halves the resolution, and a cell of the last stage covers 32 px: with a side
that is not a multiple of 32 some cells would cover padding."""

_NAME = re.compile(r"stages\.(\d+)\.blocks\.(\d+)")


@dataclass(frozen=True)
class Layer:
    """A layer at which maps are made.

    ``name``: as timm names the module, "stages.2.blocks.8".  ``title``: as papers print it, "Stage
    3 Block 9".  ``stage``: index from 0.  ``channels``: of its output.  ``side``: cells on each
    side of its output at the network's input size.  ``reduction``: input px per cell.
    """

    name: str
    title: str
    stage: int
    channels: int
    side: int
    reduction: int


def stage_number(name: str) -> int:
    """The stage of a layer's name as papers count it, from 1: "stages.2.blocks.8" -> 3.

    Raises:
        BadRequest: not the name of a block.
    """
    return _numbers(name)[0]


def layer_title(name: str) -> str:
    """A layer's name as papers print it: "stages.2.blocks.8" -> "Stage 3 Block 9".

    Raises:
        BadRequest: not the name of a block.
    """
    stage, block = _numbers(name)
    return f"Stage {stage} Block {block}"


def _numbers(name: str) -> tuple[int, int]:
    """Stage and block of a layer's name, both from 1."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise BadRequest(
            f"The layer is {name!r}; give a block's name such as stages.2.blocks.8 (Stage 3 Block "
            "9)."
        )
    return int(found[1]) + 1, int(found[2]) + 1


def explainable_layers(network: nn.Module, input_size: int) -> tuple[Layer, ...]:
    """The last blocks of Stage 3 and of Stage 4, in the network's order.

    Args:
        network: one of timm's ConvNeXt V2.
        input_size: side of the network's input, px, a multiple of ``INPUT_MULTIPLE``.

    Raises:
        BadWeights: a network of another kind.
    """
    parts = cast(Any, network)
    layers = []
    try:
        described = {info["module"]: info for info in parts.feature_info}
        for stage in STAGES:
            info = described[f"stages.{stage}"]
            name = f"stages.{stage}.blocks.{len(parts.stages[stage].blocks) - 1}"
            channels, reduction = int(info["num_chs"]), int(info["reduction"])
            layers.append(
                Layer(name, layer_title(name), stage, channels, input_size // reduction, reduction)
            )
    except (AttributeError, KeyError, IndexError, TypeError):
        raise BadWeights(
            f"A network of the kind {type(network).__name__} has no Stage 3 and Stage 4 to "
            "explain; give a network whose name in timm begins with convnextv2_."
        ) from None
    return tuple(layers)


def listed(layers: Sequence[Layer]) -> str:
    """Names and titles for a message: "stages.2.blocks.8 (Stage 3 Block 9) and stages.3.blocks.2
    (Stage 4 Block 3)"."""
    return " and ".join(f"{layer.name} ({layer.title})" for layer in layers)


def find_layer(layers: Sequence[Layer], text: str) -> Layer:
    """The layer that ``text`` names; letter case and spaces are ignored.

    Args:
        layers: of the network, at least one.
        text: a layer's name or title, its stage ("Stage 3", "stage3", "Stage 3 last block", "last
            block of Stage 3"), or "" for the first layer.

    Raises:
        BadRequest: ``text`` names no layer; the sentence lists the allowed ones.
    """
    asked = "".join(text.lower().split())
    if not asked:
        return layers[0]
    for layer in layers:
        stage = f"stage{layer.stage + 1}"
        words = (layer.name, layer.title, stage, f"{stage}lastblock", f"lastblockof{stage}")
        if asked in ("".join(word.lower().split()) for word in words):
            return layer
    raise BadRequest(f"The layer is {text!r}; allowed are {listed(layers)}.")


def find_layers(layers: Sequence[Layer], texts: Sequence[str]) -> tuple[Layer, ...]:
    """The layers that ``texts`` name, each once, in their order; all of them where none is named.

    Raises:
        BadRequest: see :func:`find_layer`.
    """
    if not texts:
        return tuple(layers)
    return tuple(dict.fromkeys(find_layer(layers, text) for text in texts))

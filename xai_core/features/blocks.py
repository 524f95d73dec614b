"""Any block of the network: found by its name, its output activation, and what follows it.

Maps are made at two layers alone (:mod:`xai_core.model.layers`); what the network carries can be
edited behind every block.  As in :class:`xai_core.model.classifier.Classifier` the network is cut
in two, without hooks, so that threads do not disturb each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.list_text import names
from xai_core.model.classifier import Classifier
from xai_core.model.layers import find_layer, layer_title


@dataclass(frozen=True, order=True)
class Block:
    """One block of the network.

    ``stage``, ``index``: from 0, as timm's module names count.  ``channels``, ``side``: the shape
    of its output (channels, side, side) at the network's input size.
    """

    stage: int
    index: int
    channels: int
    side: int

    @property
    def name(self) -> str:
        """As timm names the module: ``stages.2.blocks.8``."""
        return f"stages.{self.stage}.blocks.{self.index}"

    @property
    def title(self) -> str:
        """As papers print it: ``Stage 3 Block 9``."""
        return layer_title(self.name)


def blocks_of(classifier: Classifier) -> tuple[Block, ...]:
    """Every block, in the network's order."""
    network = cast(Any, classifier.network)
    described = {info["module"]: info for info in network.feature_info}
    found = []
    for stage, module in enumerate(network.stages):
        info = described[f"stages.{stage}"]
        side = classifier.spec.input_size // int(info["reduction"])
        found += [
            Block(stage, index, int(info["num_chs"]), side) for index in range(len(module.blocks))
        ]
    return tuple(found)


def default_blocks(classifier: Classifier) -> tuple[Block, ...]:
    """The last blocks of Stage 3 and Stage 4, at which maps are made."""
    own = {layer.name for layer in classifier.layers}
    return tuple(block for block in blocks_of(classifier) if block.name in own)


def find_block(classifier: Classifier, text: str) -> Block:
    """The block that ``text`` names; letter case and spaces are ignored.

    Args:
        text: a block's name ("stages.2.blocks.8") or title ("Stage 3 Block 9"), or a layer as
            :func:`xai_core.model.layers.find_layer` takes it: "stage 3" is its last block.

    Raises:
        BadRequest: the network has no such block.
    """
    blocks = blocks_of(classifier)
    asked = "".join(text.lower().split())
    for block in blocks:
        if asked in (block.name, "".join(block.title.lower().split())):
            return block
    try:
        name = find_layer(classifier.layers, text).name
    except BadRequest:
        first, last = blocks[0], blocks[-1]
        raise BadRequest(
            f"The block is {text!r}; allowed are the {len(blocks)} blocks from {first.name} "
            f"({first.title}) to {last.name} ({last.title})."
        ) from None
    return next(block for block in blocks if block.name == name)


def find_blocks(classifier: Classifier, text: str) -> tuple[Block, ...]:
    """The blocks that ``text`` names, with commas, each once; :func:`default_blocks` for "".

    Raises:
        BadRequest: see :func:`find_block`.
    """
    asked = names(text)
    if not asked:
        return default_blocks(classifier)
    return tuple(dict.fromkeys(find_block(classifier, one) for one in asked))


def activation_at(classifier: Classifier, inputs: Tensor, block: Block) -> Tensor:
    """The output of ``block`` (B, C, h, w) of network inputs (B, 3, S, S)."""
    (found,) = activations_at(classifier, inputs, (block,))
    return found


def activations_at(
    classifier: Classifier, inputs: Tensor, blocks: Sequence[Block]
) -> tuple[Tensor, ...]:
    """The output of each of ``blocks``, at least one, in one pass; see :func:`activation_at`."""
    network = cast(Any, classifier.network)
    found = {}
    with torch.inference_mode():
        x = network.stem(inputs.to(classifier.device, memory_format=torch.channels_last))
        for place, module in modules_until(network, max(blocks)):
            x = module(x)
            if any(place == (block.stage, block.index) for block in blocks):
                found[place] = x.clone()
    # Outside of the block above: autograd refuses the tensors of inference mode.
    return tuple(found[block.stage, block.index].clone() for block in blocks)


def tail_after(classifier: Classifier, block: Block) -> Callable[[Tensor], Tensor]:
    """What follows ``block``: activations (B, C, h, w) to logits (B, classes), with a graph."""
    network = cast(Any, classifier.network)

    def run(activation: Tensor) -> Tensor:
        x = activation
        for module in _after(network, block):
            x = module(x)
        logits: Tensor = network.forward_head(network.norm_pre(x))
        return logits

    return run


def modules_until(network: Any, last: Block) -> Iterator[tuple[tuple[int, int], Any]]:
    """The modules from the first stage to the block ``last``, each fed with the one before it, and
    the stage and index of the block that ends with each; index -1 for what is before a stage."""
    for stage, module in enumerate(network.stages[: last.stage + 1]):
        yield (stage, -1), module.downsample
        blocks = module.blocks[: last.index + 1] if stage == last.stage else module.blocks
        for index, block in enumerate(blocks):
            yield (stage, index), block


def _after(network: Any, block: Block) -> Iterator[Any]:
    """The modules from the block after ``block`` to the last stage."""
    yield from network.stages[block.stage].blocks[block.index + 1 :]
    yield from network.stages[block.stage + 1 :]

"""Exact ablations of channels at Stage 3's last block, compared with whole passes with a hook."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.bench import LAYER, Bench, beside_peers
from xai_core.features.ablation import Ablations, ChannelProbe, ablations, by_magnitude
from xai_core.features.blocks import find_block

HEAD = (
    "Channels switched off one at a time", "channels", "ours, s", "peer, s", "peer / ours",
    "logits differ by",
)  # fmt: skip


def rows(bench: Bench, channels: int) -> Iterator[tuple[str, ...]]:
    """The first ``channels`` of those with the largest estimates; ours includes the block's
    activation, the estimates of all channels and the unedited logits."""
    classifier, x = bench.classifier, bench.fresh().x
    block = find_block(classifier, LAYER)
    count, chunk = min(channels, block.channels), classifier.chunk
    chosen = by_magnitude(ChannelProbe.of(classifier, x[None], block).estimate)[:count]

    def ours() -> Ablations:
        probe = ChannelProbe.of(classifier, x[None], block)
        # The first item holds estimates alone.
        *_, last = itertools.islice(ablations(probe), 1 + math.ceil(count / chunk))
        return last

    def hooked() -> NDArray[np.float64]:
        inputs = x[None].expand(chunk, -1, -1, -1).contiguous(memory_format=torch.channels_last)
        found = []
        for start in range(0, count, chunk):
            part = chosen[start : start + chunk]
            with torch.inference_mode():
                found.append(_without(bench.network, block.name, part, inputs[: len(part)]))
        return np.asarray(torch.cat(found).double().cpu().numpy())

    for name, mine, took, theirs, peer in beside_peers(ours, {"whole passes": hooked}):
        apart = float(np.abs(mine.logits[chosen] - theirs).max())
        yield name, str(count), str(took), str(peer), peer.times(took), f"{apart:.1e}"


def _without(network: torch.nn.Module, block: str, part: Sequence[int], inputs: Tensor) -> Tensor:
    """The logits of equal images, each with another channel of ``part`` switched off."""

    def switch_off(module: object, args: object, out: Tensor) -> Tensor:  # noqa: ARG001
        changed = out.clone()
        for row, channel in enumerate(part):
            changed[row, channel] = 0
        return changed

    handle = network.get_submodule(block).register_forward_hook(switch_off)
    try:
        logits: Tensor = network(inputs)
    finally:
        handle.remove()
    return logits

"""What the channels of a block carry in one case, step by step, so that a page shows it grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xai_core.features.ablation import (
    Ablations,
    ChannelProbe,
    CumulativeAblation,
    ablations,
    by_magnitude,
    cumulative_ablation,
    doubling_counts,
)
from xai_core.features.blocks import Block
from xai_core.features.channels import HIGHEST, LOWEST, RestrictToMask, Scale
from xai_core.model.classifier import Classifier
from xai_core.types import BoolArray, FloatArray

Floats = NDArray[np.float64]
FACTORS = tuple(float(v) for v in np.linspace(LOWEST, HIGHEST, 11))
"""By which the strongest channel is scaled."""
_ORDERS, _SEED = 5, 0  # random orders of channels, and their seed
_STRONGEST = 12


@dataclass(frozen=True, eq=False)
class ChannelStudy:
    """What is known so far of one block in one case.

    ``activation``: float32 (C, h, w).  ``ablations``: each channel alone.  ``together``: more and
    more channels off; None until every channel's effect is exact.  ``scaled``: the strongest
    channel and the logits (n, classes) at each of :data:`FACTORS`.  ``inside``, ``outside``: the
    logits (classes,) where all channels are restricted to the marked lesion, or to the rest; None
    where nothing is marked.  ``done``: whether more will come.
    """

    block: Block
    activation: FloatArray
    ablations: Ablations
    together: CumulativeAblation | None = None
    scaled: tuple[int, Floats] | None = None
    inside: Floats | None = None
    outside: Floats | None = None
    done: bool = False

    def strongest(self, count: int = _STRONGEST) -> tuple[int, ...]:
        """The channels with the largest |effect|, exact or estimated."""
        return tuple(int(k) for k in by_magnitude(self.ablations.effect)[:count])


def study(
    classifier: Classifier, grey: FloatArray, block: Block, lesion: BoolArray | None = None
) -> Iterator[ChannelStudy]:
    """Everything about a block's channels in one case; whoever asks for no further item stops it.

    Args:
        classifier: the model.
        grey: the prepared image, float32 (S, S) in [0, 1].
        block: of :func:`xai_core.features.blocks.blocks_of`.
        lesion: bool (S, S), what is marked; None, or none True, where nothing is.

    Raises:
        ModelError: see :class:`ChannelProbe`.
    """
    probe = ChannelProbe.of(classifier, classifier.normalise(grey), block)
    activation = np.asarray(probe.activation.float().cpu().numpy())
    activation.flags.writeable = False
    every = tuple(range(block.channels))
    found: ChannelStudy | None = None
    for known in ablations(probe):
        if found is None:
            found = ChannelStudy(block, activation, known)
            if lesion is not None and lesion.any():
                inside = shrunk(lesion, block.side)
                found = replace(
                    found,
                    inside=probe.edited([RestrictToMask(every, inside)]),
                    outside=probe.edited([RestrictToMask(every, ~inside)])
                    if not inside.all()
                    else None,
                )
        found = replace(found, ablations=known)
        yield found
    if found is None:
        return
    top = found.strongest(1)[0]
    scaled = probe.edited_each([[Scale((top,), factor)] for factor in FACTORS])
    found = replace(found, scaled=(top, scaled))
    yield found
    counts = doubling_counts(block.channels)
    together = cumulative_ablation(probe, found.ablations.effect, counts, _ORDERS, _SEED)
    yield replace(found, together=together, done=True)


def shrunk(mask: BoolArray, side: int) -> BoolArray:
    """A mask (S, S) on a grid of ``side`` cells, (side, side): a cell counts where any of its
    pixels does.  S is a multiple of ``side``."""
    size = mask.shape[0] // side
    return np.asarray(mask.reshape(side, size, side, size).any((1, 3)))

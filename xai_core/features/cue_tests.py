"""Which channels answer to which cue, tested on pairs: the same breast, one cue changed.

Over a library of cases a channel goes with whatever its true cue goes with, also with what no
picture shows.  In a pair nothing else differs, so a response that differs answers to the cue.  A
channel that answers to a cue need not matter to the decision, and may answer to others as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai_core.features.cue_pairs import AFTER, BEFORE, CuePairs
from xai_core.features.cues import Cue
from xai_core.statistics.auc import column_aucs
from xai_core.statistics.paired_columns import (
    corrected_p,
    flipped_maxima,
    paired_t,
    standardised,
)
from xai_core.types import BoolArray

Floats = NDArray[np.float64]
RESPONSES = ("mean", "peak")
"""How a channel's response to a picture is measured."""
ALPHA = 0.05
"""A channel answers to a cue where its corrected p is below this."""
PERMUTATIONS, CONTROL_RUNS = 1000, 200


@dataclass(frozen=True, eq=False)
class Answers:
    """Every cue, response (:data:`RESPONSES`) and channel, each array (cues, responses, C).

    ``auc``: of the response, after against before, over all pairs; 0.5 says nothing.  ``shift``:
    the standardised paired difference d_z, after minus before; ``low``, ``high``: its 95 %
    interval by phantom, NaN below ten.  ``p``: of no difference, corrected over all cues,
    responses and channels.  ``permuted``: the share of runs with permuted labels that name any
    channel, in [0, 1].
    """

    cues: tuple[Cue, ...]
    auc: Floats
    shift: Floats
    low: Floats
    high: Floats
    p: Floats
    permuted: float

    @property
    def holds(self) -> BoolArray:
        """Whether each channel answers to each cue, by any response (cues, C)."""
        return np.asarray((self.p < ALPHA).any(1))

    @property
    def unexplained(self) -> BoolArray:
        """Whether no cue holds for a channel (C,)."""
        return np.asarray(~self.holds.any(0))

    def best(self, cue: int, channel: int) -> int:
        """The response in which a channel's shift by a cue is the larger one, of
        :data:`RESPONSES`."""
        return int(np.abs(self.shift[cue, :, channel]).argmax())


def answers(pairs: Sequence[CuePairs], seed: int = 0, permutations: int = PERMUTATIONS) -> Answers:
    """Test every channel on every cue.

    Args:
        pairs: at least one cue, all of the same channels.
        seed: the same seed gives the same intervals and p-values.
        permutations: of labels; the smallest p is 1 / (permutations + 1).

    A cue of a single pair has t and shift 0, and so p 1.
    """
    channels = pairs[0].mean.shape[-1]
    shape = (len(pairs), len(RESPONSES), channels)
    auc, shift, low, high, t = (np.zeros(shape) for _ in range(5))
    for k, one in enumerate(pairs):
        before, after = _responses(one, BEFORE), _responses(one, AFTER)
        auc[k] = column_aucs(before, after).reshape(shape[1:])
        if len(before) < 2:
            low[k] = high[k] = np.nan
            continue
        t[k] = paired_t(after - before).reshape(shape[1:])
        found = standardised(after - before, seed)
        shift[k], low[k], high[k] = (values.reshape(shape[1:]) for values in found)
    units = [one.phantoms for one in pairs]
    maxima = flipped_maxima(_differences(pairs), units, seed, permutations)
    others = flipped_maxima(_differences(pairs), units, seed + 1, CONTROL_RUNS)
    permuted = float((corrected_p(others, maxima) < ALPHA).mean())
    return Answers(
        tuple(one.cue for one in pairs), auc, shift, low, high, corrected_p(t, maxima), permuted
    )


def _differences(pairs: Sequence[CuePairs]) -> Iterator[Floats]:
    """(n, responses times C) for each cue."""
    return (_responses(one, AFTER) - _responses(one, BEFORE) for one in pairs)


def _responses(pairs: CuePairs, state: int) -> Floats:
    """(n, responses times C) in float64: float32 sums of thousands of columns would round."""
    return np.concatenate([pairs.mean[:, state], pairs.peak[:, state]], 1).astype(np.float64)

"""The effect of switching channels off: each alone, exactly and to first order, and many together.

An effect is the change of the logit difference (the positive class's logit minus the highest other
one; malignant minus benign for two classes), edited minus unedited.  To first order switching
channel k off changes it by minus the sum over positions of gradient times activation: the first
term of a Taylor series, Molchanov et al., "Pruning convolutional neural networks for resource
efficient inference", ICLR 2017.  Cumulative ablation: Morcos et al., "On the importance of single
directions for generalization", ICLR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from xai_core.errors import BadRequest, ModelError
from xai_core.features.blocks import Block, activations_at, blocks_of, tail_after
from xai_core.features.channels import ChannelEdit, edited
from xai_core.features.head import ClosedHead, channel_means
from xai_core.model.classifier import Classifier
from xai_core.model.spec import ModelSpec
from xai_core.types import BoolArray, Prediction, read_only

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def differences(logits: Floats, positive: int) -> Floats:
    """Logits (..., classes) to logit differences (...): the class ``positive`` minus the highest
    other one."""
    others = np.delete(logits, positive, axis=-1).max(-1)
    return np.asarray(logits[..., positive] - others, np.float64)


def decisions(logits: Floats, spec: ModelSpec) -> BoolArray:
    """Logits (..., classes) to whether the model decides for its positive class (...)."""
    rows = logits.reshape(-1, logits.shape[-1])
    found = [
        Prediction(tuple(row.tolist())).predicted(spec.threshold, spec.positive) == spec.positive
        for row in rows
    ]
    return np.array(found, np.bool_).reshape(logits.shape[:-1])


def rank_agreement(a: Floats, b: Floats) -> float:
    """Spearman's rank correlation of (n,) with (n,); NaN where either is constant or n < 2."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(stats.spearmanr(a, b).statistic)


@dataclass(frozen=True, eq=False)
class ChannelProbe:
    """One image at one block: what the rest of the network makes of edited activations.

    Only what follows the block is computed: behind the last block the closed form of the head in
    float64, elsewhere the network in float32, ``chunk`` activations a pass.  float32 rounds
    effects to about 1e-6 of the logits.

    ``activation``: the block's output (C, h, w).  ``tail``: activations (B, C, h, w) to logits (B,
    classes), with a graph.  ``head``: None but at the last block.
    """

    block: Block
    activation: Tensor
    tail: Callable[[Tensor], Tensor]
    head: ClosedHead | None
    positive: int
    chunk: int

    @classmethod
    def of(cls, classifier: Classifier, inputs: Tensor, block: Block) -> ChannelProbe:
        """The probe of one image's network inputs (1, 3, S, S).

        Raises:
            ModelError: the network's head has another form, see :meth:`ClosedHead.of`.
        """
        (found,) = cls.of_each(classifier, inputs, (block,))
        return found

    @classmethod
    def of_each(
        cls, classifier: Classifier, inputs: Tensor, blocks: Sequence[Block]
    ) -> tuple[ChannelProbe, ...]:
        """The probes of one image at each of ``blocks``, from one pass; see :meth:`of`."""
        last = blocks_of(classifier)[-1]
        return tuple(
            cls(
                block, activation[0], tail_after(classifier, block),
                ClosedHead.of(classifier.network) if block == last else None,
                classifier.spec.positive, classifier.chunk,
            )
            for block, activation in zip(
                blocks, activations_at(classifier, inputs, blocks), strict=True
            )
        )  # fmt: skip

    def score(self, activations: Tensor) -> Floats:
        """Activations (n, C, h, w) to logits (n, classes), in float64.

        Raises:
            ModelError: a logit is not a finite number.
        """
        logits = self._score(activations)
        if not np.isfinite(logits).all():
            raise ModelError(
                "The network's answer to an edited activation is not a number; edit it by smaller "
                "amounts, or give other weights."
            )
        return logits

    def _score(self, activations: Tensor) -> Floats:
        if self.head is not None:
            return self.head.logits(channel_means(activations))
        with torch.inference_mode():  # channels last: the layout that depthwise kernels are fast in
            parts = [
                self.tail(part.contiguous(memory_format=torch.channels_last))
                for part in activations.split(self.chunk)
            ]
        return np.asarray(torch.cat(parts).double().cpu().numpy())

    def edited(self, edits: Sequence[ChannelEdit]) -> Floats:
        """The logits (classes,) with ``edits``, one after the other.

        Raises:
            BadRequest: see :meth:`xai_core.features.channels.ChannelEdit.check`.
            ModelError: see :meth:`score`.
        """
        return np.asarray(self.edited_each([edits])[0])

    def edited_each(self, alternatives: Sequence[Sequence[ChannelEdit]]) -> Floats:
        """The logits (n, classes) with one sequence of edits after the other, at least one, in
        batches: a channel at several factors, or each channel replaced.

        Raises:
            BadRequest, ModelError: see :meth:`edited`.
        """
        rows = []
        for start in range(0, len(alternatives), self.chunk):
            part = alternatives[start : start + self.chunk]
            rows.append(self.score(torch.stack([edited(self.activation, one) for one in part])))
        return np.concatenate(rows)

    @cached_property
    def plain(self) -> Floats:
        """The logits (classes,) without an edit, computed as the edited ones are."""
        return np.asarray(self.score(self.activation[None])[0])

    @cached_property
    def gradient(self) -> Tensor:
        """The gradient of the logit difference with respect to the activation (C, h, w)."""
        others = [k for k in range(len(self.plain)) if k != self.positive]
        with torch.enable_grad():
            a = self.activation.detach().clone()[None].requires_grad_(True)
            logits = self.tail(a)[0]
            (found,) = torch.autograd.grad(logits[self.positive] - logits[others].max(), a)
        return found[0].detach()

    @cached_property
    def estimate(self) -> Floats:
        """The effect of switching off each channel, to first order (C,)."""
        product = self.gradient.double() * self.activation.double()
        return np.asarray(-product.sum((1, 2)).cpu().numpy())

    def without(self, groups: Sequence[Sequence[int]]) -> Floats:
        """The logits (n, classes) where the channels of each group are 0; a group may be empty."""
        rows = []
        for start in range(0, len(groups), self.chunk):
            part = groups[start : start + self.chunk]
            ablated = self.activation.repeat(len(part), 1, 1, 1)
            for row, channels in enumerate(part):
                ablated[row, list(channels)] = 0
            rows.append(self.score(ablated))
        return np.concatenate(rows)


# --- Each channel alone -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Ablations:
    """The effect of switching off each channel, as far as it is known.

    ``estimate``: to first order (C,).  ``logits``: without each channel (C, classes), NaN where
    not yet computed.  ``plain``: with all channels (classes,).  ``positive``: the positive class.
    """

    estimate: Floats
    logits: Floats
    plain: Floats
    positive: int

    @property
    def exact(self) -> BoolArray:
        """Whether each channel's effect is exact (C,), and not its estimate."""
        return np.asarray(~np.isnan(self.logits[:, 0]))

    @cached_property
    def effect(self) -> Floats:
        """The change of the logit difference (C,): exact where :attr:`exact`, else the estimate."""
        changed = differences(self.logits, self.positive) - differences(self.plain, self.positive)
        return np.where(self.exact, changed, self.estimate)

    @property
    def agreement(self) -> float:
        """Spearman's rank correlation of estimate and exact effect, over the channels whose exact
        effect is known; NaN for fewer than two or constant ones."""
        return rank_agreement(self.estimate[self.exact], self.effect[self.exact])


def ablations(probe: ChannelProbe) -> Iterator[Ablations]:
    """The effect of switching off each channel: at first all to first order, then after every
    chunk with the exact effects so far, the largest estimates first.

    Whoever asks for no further item stops the work; nothing is computed in advance.
    """
    estimate, channels = probe.estimate, len(probe.estimate)
    logits = np.full((channels, len(probe.plain)), np.nan)

    def so_far() -> Ablations:
        known = read_only(logits.copy(), np.float64)
        return Ablations(read_only(estimate, np.float64), known, probe.plain, probe.positive)

    yield so_far()
    if probe.head is not None:  # all at once costs less than one pass
        means = channel_means(probe.activation)
        logits[:] = probe.head.each_changed(means, np.zeros(channels))
        yield so_far()
        return
    order = by_magnitude(estimate)
    for start in range(0, channels, probe.chunk):
        part = order[start : start + probe.chunk]
        logits[part] = probe.without([[int(k)] for k in part])
        yield so_far()


def all_ablations(probe: ChannelProbe) -> Ablations:
    """The exact effect of switching off each channel: the last item of :func:`ablations`."""
    *_, last = ablations(probe)
    return last


# --- Many channels together -------------------------------------------------------------------


def by_magnitude(effects: Floats) -> Indices:
    """The channels by falling |effect|; of equal ones the lower number first.  Least important
    first is this order reversed."""
    return np.argsort(-np.abs(effects), kind="stable")


def random_orders(channels: int, count: int, seed: int) -> tuple[Indices, ...]:
    """``count`` random orders of the channels; the same seed gives the same orders."""
    rng = np.random.default_rng(seed)
    return tuple(rng.permutation(channels) for _ in range(count))


def doubling_counts(channels: int) -> tuple[int, ...]:
    """1, 2, 4, ... and ``channels``, at least 1."""
    return (*(2**n for n in range((channels - 1).bit_length())), channels)


def cumulative_logits(probe: ChannelProbe, order: Indices, counts: Sequence[int]) -> Floats:
    """The logits (n, classes) without the first 1, 2, ... channels of ``order``, for each count.

    Args:
        order: every channel once (C,).
        counts: how many channels are switched off, each from 0 to C.

    Raises:
        BadRequest: another count or order.
    """
    channels = len(probe.activation)
    if sorted(order) != list(range(channels)):
        raise BadRequest(
            f"The order has {len(order)} channels; give each of 0 to {channels - 1} once."
        )
    for count in counts:
        if not 0 <= count <= channels:
            raise BadRequest(
                f"The number of channels to switch off is {count}; give one from 0 to {channels}."
            )
    return probe.without([order[:count].tolist() for count in counts])


@dataclass(frozen=True, eq=False)
class CumulativeAblation:
    """The logits of one case without more and more channels.

    ``counts``: how many are off (n,).  ``most``, ``least``: with the largest and the smallest
    |effect| first (n, classes).  ``random``: in random orders (orders, n, classes).
    """

    counts: tuple[int, ...]
    most: Floats
    least: Floats
    random: Floats

    def random_differences(
        self, positive: int, level: float = 0.95
    ) -> tuple[Floats, Floats, Floats]:
        """The mean logit difference over the random orders and the ends of its interval, each (n,).

        Student's t, since the orders are drawn independently; NaN ends below two orders.
        """
        found = differences(self.random, positive)
        orders, mean = len(found), found.mean(0)
        if orders < 2:
            unknown = np.full_like(mean, np.nan)
            return mean, unknown, unknown
        half = stats.t.isf((1 - level) / 2, orders - 1) * found.std(0, ddof=1) / math.sqrt(orders)
        return mean, mean - half, mean + half


def cumulative_ablation(
    probe: ChannelProbe, effects: Floats, counts: Sequence[int], orders: int, seed: int
) -> CumulativeAblation:
    """Switch channels off one after the other, by importance and at random.

    Args:
        effects: of each channel (C,), see :attr:`Ablations.effect`.
        counts: see :func:`cumulative_logits`.
        orders: how many random ones, at least 1.
        seed: of the random orders.

    Raises:
        BadRequest: a count is not from 0 to C, or there is no random order.
    """
    if orders < 1:
        raise BadRequest(f"The number of random orders is {orders}; give at least 1.")
    most = by_magnitude(effects)
    random = random_orders(len(effects), orders, seed)
    return CumulativeAblation(
        tuple(counts), cumulative_logits(probe, most, counts),
        cumulative_logits(probe, most[::-1], counts),
        np.stack([cumulative_logits(probe, order, counts) for order in random]),
    )  # fmt: skip

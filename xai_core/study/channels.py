"""How much single channels carry, and how many together: over the cases of a source, at one or
several blocks, see :mod:`xai_core.features`; and the result as a Markdown document."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.features.ablation import (
    Ablations,
    ChannelProbe,
    CumulativeAblation,
    all_ablations,
    cumulative_ablation,
    decisions,
    differences,
    doubling_counts,
)
from xai_core.features.blocks import Block
from xai_core.list_text import counted
from xai_core.model.classifier import Classifier
from xai_core.model.spec import ModelSpec
from xai_core.statistics.bootstrap import MIN_PATIENTS, mean_interval
from xai_core.statistics.proportion import Proportion
from xai_core.types import MALIGNANT, Case
from xai_core.viz.text_tables import markdown_escaped, markdown_table

Floats = NDArray[np.float64]

ORDERS = 5
"""Random orders of each case's channels."""
SEED = 0
"""Of the bootstrap."""

# --- Measurement ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class MeasuredBlock:
    """One case at one block: each channel switched off alone, and more and more together."""

    block: Block
    alone: Ablations
    together: CumulativeAblation


@dataclass(frozen=True, eq=False)
class MeasuredCase:
    """One case of known pathology at every block."""

    case_id: str
    patient_id: str
    malignant: bool
    blocks: tuple[MeasuredBlock, ...]

    def rows(self, spec: ModelSpec) -> Iterator[dict[str, Any]]:
        """The rows of a table: one for each block and channel."""
        for found in self.blocks:
            alone = found.alone
            own, others = decisions(alone.plain, spec), decisions(alone.logits, spec)
            for channel, logits in enumerate(alone.logits):
                yield {
                    "case_id": self.case_id,
                    "patient_id": self.patient_id,
                    "malignant": self.malignant,
                    "block": found.block.name,
                    "channel": channel,
                    "effect": float(alone.effect[channel]),
                    "first_order": float(alone.estimate[channel]),
                    **{f"logit_{i}": float(value) for i, value in enumerate(logits)},
                    "decision_changes": bool(others[channel] != own),
                }


def measure(classifier: Classifier, blocks: Sequence[Block], case: Case) -> MeasuredCase:
    """Switch off every channel of every block alone, and more and more of them together.

    Args:
        blocks: of the classifier's network.
        case: its pathology is known.
    """
    inputs = classifier.normalise(classifier.prepare(case.image).grey)
    found = []
    for block in blocks:
        probe = ChannelProbe.of(classifier, inputs, block)
        alone = all_ablations(probe)
        together = cumulative_ablation(
            probe, alone.effect, doubling_counts(block.channels), ORDERS, _seed(case.id)
        )
        found.append(MeasuredBlock(block, alone, together))
    return MeasuredCase(case.id, case.patient_id, case.class_index == MALIGNANT, tuple(found))


def _seed(case_id: str) -> int:
    """Other random orders for each case, the same in every run whatever the other cases are."""
    return int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:4], "big")


# --- Summary ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mean:
    """A mean over cases with its 95 % bootstrap interval by patient; NaN ends below
    :data:`~xai_core.statistics.bootstrap.MIN_PATIENTS` patients."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], patients: Sequence[str]) -> Mean:
        """The mean of one value a case."""
        return cls(float(np.mean(values)), *mean_interval(values, patients, seed=SEED))

    def __str__(self) -> str:
        # Four decimals: of hundreds of channels most do little.
        ends = "-" if math.isnan(self.low) else f"{self.low:.4f} to {self.high:.4f}"
        return f"{self.value:.4f} ({ends})"


@dataclass(frozen=True)
class Alone:
    """Single channels of a block, over the cases.

    ``effect``: mean |effect| over channels.  ``largest``: the effect of the largest magnitude, of
    ``channel`` in the case ``case_id``.  ``flipped``: the cases whose decision at least one channel
    changes.  ``agreement``: median rank correlation of first-order and exact effects, NaN where no
    case has one.
    """

    block: Block
    effect: Mean
    largest: float
    channel: int
    case_id: str
    flipped: Proportion
    agreement: float


@dataclass(frozen=True)
class Together:
    """``count`` channels of a block switched off together, over the cases.

    For each of the orders :data:`ORDER_TITLES`: ``change``, the mean |change of the logit
    difference|; ``flipped``, the share of decisions that change (of cases and random orders).
    """

    block: Block
    count: int
    change: tuple[Mean, Mean, Mean]
    flipped: tuple[float, float, float]


ORDER_TITLES = ("most important first", "least important first", "random order")


def alone(cases: Sequence[MeasuredCase], spec: ModelSpec) -> tuple[Alone, ...]:
    """Single channels, block by block; ``cases``: at least one, of the same blocks."""
    patients = [case.patient_id for case in cases]
    out = []
    for k, measured in enumerate(cases[0].blocks):
        found = [case.blocks[k].alone for case in cases]
        effects = np.stack([one.effect for one in found])
        case, channel = divmod(int(np.abs(effects).argmax()), effects.shape[1])
        flips = [
            bool((decisions(one.logits, spec) != decisions(one.plain, spec)).any()) for one in found
        ]
        known = [one.agreement for one in found if not math.isnan(one.agreement)]
        out.append(
            Alone(
                measured.block, Mean.of(np.abs(effects).mean(1).tolist(), patients),
                float(effects[case, channel]), channel, cases[case].case_id,
                Proportion.of(flips, patients), float(np.median(known)) if known else math.nan,
            )
        )  # fmt: skip
    return tuple(out)


def together(cases: Sequence[MeasuredCase], spec: ModelSpec) -> tuple[Together, ...]:
    """Channels switched off together, by block and count; ``cases``: see :func:`alone`."""
    patients = [case.patient_id for case in cases]
    out = []
    for k, measured in enumerate(cases[0].blocks):
        changes, flips = zip(*(_cumulative(case.blocks[k], spec) for case in cases), strict=True)
        change, flipped = np.stack(changes), np.stack(flips)  # (cases, 3, n)
        for n, count in enumerate(measured.together.counts):
            first, second, third = (Mean.of(change[:, i, n].tolist(), patients) for i in range(3))
            shares = flipped[:, :, n].mean(0).tolist()
            out.append(
                Together(measured.block, count, (first, second, third),
                         (shares[0], shares[1], shares[2]))
            )  # fmt: skip
    return tuple(out)


def _cumulative(found: MeasuredBlock, spec: ModelSpec) -> tuple[Floats, Floats]:
    """One case's |change of the logit difference| and share of changed decisions (3, n), in the
    order of :data:`ORDER_TITLES`; of random orders the means."""
    plain, curves = found.alone.plain, found.together
    change, flipped = [], []
    for logits in (curves.most[None], curves.least[None], curves.random):
        margin = differences(logits, spec.positive) - differences(plain, spec.positive)
        change.append(np.abs(margin).mean(0))
        flipped.append((decisions(logits, spec) != decisions(plain, spec)).mean(0))
    return np.stack(change), np.stack(flipped)


# --- The document -----------------------------------------------------------------------------

ALONE_HEAD = (
    "block", "channels", "mean effect (95 % interval)", "largest effect", "of",
    "cases whose decision one channel changes (95 % interval)",
    "first order and exact, median rank correlation",
)  # fmt: skip
TOGETHER_HEAD = (
    "channels off", *(f"{title}: change of the margin (95 % interval)" for title in ORDER_TITLES),
    *(f"{title}: decisions changed" for title in ORDER_TITLES),
)  # fmt: skip


def markdown(cases: Sequence[MeasuredCase], source: str, is_phantom: bool, spec: ModelSpec) -> str:
    """The document: single channels by block, then for each block more and more together."""
    single, several = alone(cases, spec), together(cases, spec)
    lines = [
        f"# What channels carry, on {markdown_escaped(source)}",
        "",
        "Each channel switched off alone:",
        "",
        *markdown_table(ALONE_HEAD, [_alone_row(one) for one in single]),
        "",
    ]
    for one in single:
        rows = [_together_row(row) for row in several if row.block == one.block]
        lines += [f"{one.block.title}, more and more channels switched off together:", ""]
        lines += [*markdown_table(TOGETHER_HEAD, rows), ""]
    kind = ("phantom", "phantoms") if is_phantom else ("case", "cases")
    notes = [
        f"Over {counted(len(cases), *kind)} of known pathology. Decided by {spec.decision_note()}. "
        f"Weights {spec.sha256[:12]}.",
        "A channel that is switched off is 0 at every position of the block's output. Its effect "
        "is the change of the logit difference, the positive class's logit minus the highest other "
        "one; means are of its magnitude. Channels count from 0.",
        "First order: minus the sum over positions of gradient times activation. Exact: the part "
        "of the network behind the block is computed again without the channel.",
        "Important: of large effect, of either sign, when switched off alone. Random: "
        f"{ORDERS} orders a case.",
        "Intervals are by patient: of means, bootstrap; of shares, Wilson's on the effective "
        f"number of images. (-): no interval, as there are fewer than {MIN_PATIENTS} patients.",
        "The network was never trained without a channel: this shows what it relies on, not what "
        "a network without that channel could learn.",
    ]
    return "\n".join([*lines, *(f"- {note}" for note in notes)]) + "\n"


def _alone_row(one: Alone) -> tuple[str, ...]:
    return (
        one.block.title, str(one.block.channels), str(one.effect), f"{one.largest:+.4f}",
        f"channel {one.channel}, {markdown_escaped(one.case_id)}",
        f"{one.flipped.count}, {one.flipped.percent}",
        "-" if math.isnan(one.agreement) else f"{one.agreement:.3f}",
    )  # fmt: skip


def _together_row(row: Together) -> tuple[str, ...]:
    shares = (f"{100 * share:.1f} %" for share in row.flipped)
    return (str(row.count), *(str(mean) for mean in row.change), *shares)

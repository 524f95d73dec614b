"""A cue's direction in a block's channels, and what goes with it when it is removed.

The direction of a cue is the mean, over its pairs, of the difference of the channels' means.
Removed, every position of the block's output has the same component along it: the mean over the
pairs it was fitted on.  What then is left of a cue's effect on the logit difference did not pass
through that direction.  Kim et al., "Interpretability beyond feature attribution", ICML 2018, for
directions of concepts; Ravfogel et al., "Null it out", ACL 2020, for removing them by projection.

A direction in hundreds of channels fits a few dozen pairs whatever they are, so no pair is measured
without a direction that it was fitted on: of two halves of the phantoms, each is measured with the
directions of the other.

A direction may be made orthogonal to those of the cues of other groups, so that removing it leaves
these; cues of one group share a state, and so their directions, and are left as they are.
"""

from __future__ import annotations

import enum
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from xai_core.errors import ModelError
from xai_core.features.ablation import differences
from xai_core.features.blocks import Block, activations_at, tail_after
from xai_core.features.channels import AddDirection, RemoveDirection, edited
from xai_core.features.cue_pairs import AFTER, BEFORE, CuePairs
from xai_core.features.cues import Cue, slug
from xai_core.features.head import ClosedHead
from xai_core.features.pairs import HEIGHT, Subject, by_turns, draw_pairs, network_inputs
from xai_core.files import read_regular, write_bytes, writing
from xai_core.model.classifier import Classifier
from xai_core.statistics.bootstrap import mean_interval
from xai_core.types import ProgressCallback

Floats = NDArray[np.float64]
HALVES = (0, 1)
_LEAST = 1e-3  # of a direction's length: what is left below this is rounding and noise

# --- Directions -------------------------------------------------------------------------------


class Variant(enum.StrEnum):
    """How a cue's direction is taken."""

    PLAIN = "plain"
    ORTHOGONAL = "orthogonal"


@dataclass(frozen=True, eq=False)
class Direction:
    """A cue's direction at one block, for the pairs of one half.

    ``unit``: (C,), of length 1.  ``level``: the component along it that every position gets.
    """

    cue: Cue
    variant: Variant
    half: int
    unit: Floats
    level: float


def half_of(subjects: Sequence[int]) -> NDArray[np.intp]:
    """The half that each phantom (n,) belongs to: by turns, so that the first few are of both."""
    return np.arange(len(subjects)) % len(HALVES)


def orthogonal_to(direction: Floats, others: Floats) -> Floats:
    """What is left of ``direction`` (C,) without its components in the space that ``others``
    (k, C) span, k at least 0."""
    if not len(others):
        return direction
    _, sizes, axes = np.linalg.svd(others, full_matrices=False)
    axes = axes[sizes > 1e-9 * max(sizes.max(), np.finfo(float).tiny)]
    return np.asarray(direction - axes.T @ (axes @ direction))


def directions_of(pairs: Sequence[CuePairs], part: slice) -> list[Direction]:
    """The directions of every cue, both variants and halves, at the block whose channels are
    ``part`` of all; none for a cue that moves no channel or has less than two pairs, and no
    orthogonal one where the other cues leave nothing of it.

    Each is fitted on the pairs of the other half.
    """
    found = []
    for half in HALVES:
        fitted = {}
        for one in pairs:
            chosen = one.mean[half_of(one.phantoms.tolist()) != half][..., part].astype(np.float64)
            if len(chosen):
                difference = (chosen[:, AFTER] - chosen[:, BEFORE]).mean(0)
                fitted[one.cue.id] = one.cue, difference, chosen.mean((0, 1))
        for cue, difference, centre in fitted.values():
            length = float(np.linalg.norm(difference))
            if not length:
                continue
            others = np.array(
                [d for c, d, _ in fitted.values() if c.group != cue.group and d.any()]
            )
            left = orthogonal_to(difference, others)
            for variant, vector in ((Variant.PLAIN, difference), (Variant.ORTHOGONAL, left)):
                size = float(np.linalg.norm(vector))
                if size > _LEAST * length:
                    unit = vector / size
                    found.append(Direction(cue, variant, half, unit, float(unit @ centre)))
    return found


# --- Removing them ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Removal:
    """What removing the direction of one cue does to the pairs of another, or its own.

    ``before``: their mean effect on the logit difference with the network as it is; ``low``,
    ``high``: its 95 % interval, NaN below ten phantoms.  ``after``: with the direction removed.
    """

    block: Block
    variant: Variant
    removed: Cue
    measured: Cue
    pairs: int
    before: float
    low: float
    high: float
    after: float

    @property
    def is_own(self) -> bool:
        """Whether it is the cue's own effect."""
        return self.removed.id == self.measured.id

    @property
    def share(self) -> float:
        """The share of the effect that goes; below 0 where the effect grows, above 1 where it
        turns; NaN where there is no effect."""
        return 1 - self.after / self.before if self.before else math.nan

    @property
    def clear(self) -> bool:
        """Whether the interval of the effect leaves out 0: the share of an effect that may be
        none says nothing."""
        return self.low > 0 or self.high < 0


Effects = Mapping[tuple[str, Variant, str], Sequence[float]]
"""Removed cue, variant, measured cue -> the effects in its pairs."""


def removals(
    block: Block, pairs: Sequence[CuePairs], effects: Effects, counts: Mapping[str, int]
) -> list[Removal]:
    """The table of one block: a row for each direction and cue.

    Args:
        effects: with each direction removed, of the first pairs of a cue, in their order.
        counts: how many pairs of each cue that is, at least 1.
    """
    of_id = {one.cue.id: one.cue for one in pairs}
    plain = {}
    for one in pairs:
        count = counts[one.cue.id]
        chosen = one.effects[:count]
        ends = mean_interval(chosen, one.phantoms[:count], seed=0)
        plain[one.cue.id] = float(chosen.mean()), *ends
    return [
        Removal(
            block, variant, of_id[removed], of_id[measured], len(values), *plain[measured],
            float(np.mean(values)),
        )
        for (removed, variant, measured), values in effects.items()
        if len(values) == counts[measured]
    ]  # fmt: skip


def effects_by_head(
    head: ClosedHead, directions: Sequence[Direction], pairs: Sequence[CuePairs], part: slice
) -> dict[tuple[str, Variant, str], list[float]]:
    """The effects with each direction removed behind the last block, from the channels' means:
    the head sees nothing else, and the mean of an edited activation is the edited mean.

    A cue of one pair, or of directions for one half alone, has no effects.
    """
    found: dict[tuple[str, Variant, str], list[float]] = {}
    for one in pairs:
        means = one.mean[..., part].astype(np.float64)
        half = half_of(one.phantoms.tolist())
        own: dict[tuple[str, Variant], Floats] = {}
        for d in directions:
            at = half == d.half
            if at.any():
                x = means[at]
                logits = head.logits(x - ((x @ d.unit) - d.level)[..., None] * d.unit)
                change = differences(logits, one.positive)
                values = own.setdefault((d.cue.id, d.variant), np.full(len(half), np.nan))
                values[at] = change[:, AFTER] - change[:, BEFORE]
        for (cue, variant), values in own.items():
            if not np.isnan(values).any():
                found[cue, variant, one.cue.id] = values.tolist()
    return found


# --- Before the last block --------------------------------------------------------------------


def measure_removed(
    classifier: Classifier, block: Block, subject: Subject, cues: Sequence[Cue],
    directions: Sequence[Direction], height: int = HEIGHT,
) -> Floats:  # fmt: skip
    """The effects in one phantom's pairs (directions, cues), each direction removed at a block and
    the network behind it computed again.

    Raises:
        BadRequest: a direction is not of the block's channels.
    """
    states, places = draw_pairs(subject, cues, height)
    found: dict[str, Floats] = {}  # digest -> logit difference with each direction removed
    for digests, inputs in network_inputs(classifier, states):
        (activations,) = activations_at(classifier, inputs, (block,))
        for digest, activation in zip(digests, activations, strict=True):
            found[digest] = _removed_each(classifier, block, activation, directions)
    return np.stack(
        [found[states[b].digest] - found[states[a].digest] for a, b in places], axis=1
    )  # fmt: skip


def _removed_each(
    classifier: Classifier, block: Block, activation: Tensor, directions: Sequence[Direction]
) -> Floats:
    """The logit difference (directions,) of one activation (C, h, w), each direction removed."""
    tail, rows = tail_after(classifier, block), []
    for start in range(0, len(directions), classifier.chunk):
        part = [
            edited(activation, (RemoveDirection(d.unit), AddDirection(d.unit, d.level)))
            for d in directions[start : start + classifier.chunk]
        ]
        with torch.inference_mode():
            rows.append(tail(torch.stack(part)).double().cpu().numpy())
    found = differences(np.concatenate(rows), classifier.spec.positive)
    if not np.isfinite(found).all():
        raise ModelError(
            "The network's answer without a direction is not a number; its weights are unusable."
        )
    return found


def effects_by_tail(
    classifier: Classifier, block: Block, directions: Sequence[Direction],
    cues: Sequence[Cue], drawn: Mapping[str, Sequence[Subject]], folder: Path,
    progress: ProgressCallback, height: int = HEIGHT,
) -> dict[tuple[str, Variant, str], list[float]]:  # fmt: skip
    """The effects with each direction removed at a block before the last one.

    ``drawn``: the first phantoms of each kind that the directions were fitted on.  ``folder`` holds
    a file per phantom, written when the phantom is done; one of the same directions and cues is
    read, not measured.  ``progress``: called with (phantoms done, phantoms in all, kind).

    Raises:
        BadRequest: ``folder`` cannot be written.
        ModelError: the network returned a value that is not a finite number.
    """
    found: dict[tuple[str, Variant, str], list[float]] = {}
    order = {subject.seed: k for subjects in drawn.values() for k, subject in enumerate(subjects)}
    work = by_turns(drawn)
    for done, (kind, subject) in enumerate(work):
        progress(done, len(work), kind)
        own = [d for d in directions if d.half == order[subject.seed] % len(HALVES)]
        of_kind = [cue for cue in cues if cue.kind == kind]
        if not own:
            continue
        place = folder / f"{slug(kind)}-{subject.seed}.safetensors"
        digest = _digest(block, own, of_kind, subject)
        effects = _read(place, digest, (len(own), len(of_kind)))
        if effects is None:
            effects = measure_removed(classifier, block, subject, of_kind, own, height)
            with writing(folder):
                tensors = {"effects": effects, "digest": np.frombuffer(digest, np.uint8)}
                write_bytes(place, save(tensors))
        for d, row in zip(own, effects, strict=True):
            for cue, effect in zip(of_kind, row, strict=True):
                found.setdefault((d.cue.id, d.variant, cue.id), []).append(float(effect))
    progress(len(work), len(work), "")
    return found


def _digest(
    block: Block, directions: Sequence[Direction], cues: Sequence[Cue], subject: Subject
) -> bytes:
    """SHA-256 of what the effects of one phantom depend on besides model and generator."""
    said = [
        block.name, subject.seed, [cue.id for cue in cues],
        [(d.cue.id, d.variant, d.half, d.level) for d in directions],
    ]  # fmt: skip
    found = hashlib.sha256(json.dumps(said).encode())
    for d in directions:
        found.update(d.unit.tobytes())
    return found.digest()


def _read(place: Path, digest: bytes, shape: tuple[int, int]) -> Floats | None:
    """The effects of a file; None where it is missing, damaged or of other directions."""
    try:
        found = load(read_regular(place))
        if found["digest"].tobytes() == digest and found["effects"].shape == shape:
            return np.asarray(found["effects"], np.float64)
    except (OSError, SafetensorError, KeyError):
        pass
    return None

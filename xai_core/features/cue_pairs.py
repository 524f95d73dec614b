"""What every channel answers to every cue: its responses in both states of many pairs.

A channel's response to a picture is its mean or its peak (the maximum) over the positions of the
block's output.  Beside the responses of a pair are kept the model's logits in both states, and how
the logit difference changes with each channel's mean in the state before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
from xai_core.features.cues import Cue, slug
from xai_core.features.pairs import HEIGHT, Subject, by_turns, draw_pairs, network_inputs
from xai_core.files import read_regular, write_bytes, writing
from xai_core.model.classifier import Classifier
from xai_core.types import FloatArray, ProgressCallback

Floats = NDArray[np.float64]
BEFORE, AFTER = 0, 1

# --- One phantom ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pair:
    """One pair; channels are those of all blocks, one block after the other (C,).

    ``cue``: its id.  ``phantom``: the seed.  ``pictures``: the digests of both states.  ``mean``,
    ``peak``: float32 (2, C), the responses before and after.  ``gradient``: float32 (C,), the
    change of the logit difference per change of the channel's mean, all positions alike, before.
    ``logits``: (2, classes).
    """

    cue: str
    phantom: int
    pictures: tuple[str, str]
    mean: FloatArray
    peak: FloatArray
    gradient: FloatArray
    logits: Floats


@dataclass(frozen=True, eq=False)
class _Picture:
    mean: FloatArray
    peak: FloatArray
    logits: Floats
    gradient: FloatArray | None


def measure(
    classifier: Classifier, blocks: Sequence[Block], subject: Subject, cues: Sequence[Cue],
    height: int = HEIGHT,
) -> list[Pair]:  # fmt: skip
    """One phantom, a pair for each of ``cues``, which apply to its kind.

    Args:
        blocks: of the classifier's network, in its order.

    Raises:
        ModelError: the network returned a value that is not a finite number.
    """
    states, places = draw_pairs(subject, cues, height)
    first = {states[before].digest for before, _ in places}
    found: dict[str, _Picture] = {}
    for digests, inputs in network_inputs(classifier, states):
        found |= _responses(classifier, blocks, digests, inputs, first)
    out = []
    for cue, (a, b) in zip(cues, places, strict=True):
        before, after = found[states[a].digest], found[states[b].digest]
        if before.gradient is None:
            raise AssertionError("a state before has its gradient")
        out.append(
            Pair(
                cue.id, subject.seed, (states[a].digest, states[b].digest),
                np.stack([before.mean, after.mean]), np.stack([before.peak, after.peak]),
                before.gradient, np.stack([before.logits, after.logits]),
            )
        )  # fmt: skip
    return out


def _responses(
    classifier: Classifier, blocks: Sequence[Block], digests: list[str], inputs: Tensor,
    first: set[str],
) -> dict[str, _Picture]:  # fmt: skip
    """What the channels make of some pictures; a gradient of those in ``first``."""
    activations = activations_at(classifier, inputs, blocks)
    with torch.inference_mode():
        logits = tail_after(classifier, blocks[-1])(activations[-1])
    mean = torch.cat([a.mean((2, 3)) for a in activations], 1)
    peak = torch.cat([a.amax((2, 3)) for a in activations], 1)
    rows = [k for k, digest in enumerate(digests) if digest in first]
    gradients: dict[int, FloatArray] = {}
    if rows:
        parts = [
            _mean_gradient(classifier, block, a[rows])
            for block, a in zip(blocks, activations, strict=True)
        ]
        whole = torch.cat(parts, 1)
        if not torch.isfinite(whole).all():
            raise ModelError("The network's gradient is not a number; its weights are unusable.")
        gradients = dict(zip(rows, _array(whole), strict=True))
    if not (torch.isfinite(logits).all() and torch.isfinite(peak).all()):
        raise ModelError("The network's answer is not a number; its weights are unusable.")
    return {
        digest: _Picture(_array(mean[k]), _array(peak[k]), logits[k].double().cpu().numpy(),
                         gradients.get(k))
        for k, digest in enumerate(digests)
    }  # fmt: skip


def _mean_gradient(classifier: Classifier, block: Block, activations: Tensor) -> Tensor:
    """(B, C): the gradient of the logit difference, summed over positions."""
    positive = classifier.spec.positive
    with torch.enable_grad():
        a = activations.detach().clone().requires_grad_(True)
        logits = tail_after(classifier, block)(a)
        others = [k for k in range(logits.shape[1]) if k != positive]
        difference = logits[:, positive] - logits[:, others].amax(1)
        (found,) = torch.autograd.grad(difference.sum(), a)
    return found.detach().sum((2, 3))


def _array(values: Tensor) -> FloatArray:
    return np.asarray(values.float().cpu().numpy(), np.float32)


# --- Files ------------------------------------------------------------------------------------

_TENSORS = ("mean", "peak", "gradient", "logits")


def write_pairs(place: Path, pairs: Sequence[Pair]) -> None:
    """Write the pairs of one phantom, at least one, atomically.

    Raises:
        OSError: see :func:`xai_core.files.whole_file`.
    """
    tensors = {name: np.stack([getattr(pair, name) for pair in pairs]) for name in _TENSORS}
    described = {
        "phantom": pairs[0].phantom,
        "cues": [pair.cue for pair in pairs],
        "pictures": [pair.pictures for pair in pairs],
    }
    write_bytes(place, save(tensors | {"described": _text(json.dumps(described))}))


def read_pairs(place: Path) -> list[Pair]:
    """The pairs of a file of :func:`write_pairs`; none where it is missing or damaged."""
    try:
        tensors = load(read_regular(place))
        described = json.loads(tensors["described"].tobytes())
        columns = [tensors[name] for name in _TENSORS]
        return [
            Pair(cue, int(described["phantom"]), (before, after), *(one[k] for one in columns))
            for k, (cue, (before, after)) in enumerate(
                zip(described["cues"], described["pictures"], strict=True)
            )
        ]
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, IndexError):
        return []


def _text(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


# --- Many phantoms ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CuePairs:
    """One cue over n phantoms; see :class:`Pair` for the rest.

    ``phantoms``: (n,), their seeds.  ``pictures``: (n, 2) digests.  ``mean``, ``peak``: float32
    (n, 2, C).  ``gradient``: float32 (n, C).  ``logits``: (n, 2, classes).  ``positive``: the
    positive class.
    """

    cue: Cue
    phantoms: NDArray[np.int64]
    pictures: tuple[tuple[str, str], ...]
    mean: FloatArray
    peak: FloatArray
    gradient: FloatArray
    logits: Floats
    positive: int

    @classmethod
    def of(cls, cue: Cue, pairs: Sequence[Pair], positive: int) -> CuePairs:
        """The pairs of one cue, at least one."""
        return cls(
            cue, np.array([pair.phantom for pair in pairs], np.int64),
            tuple(pair.pictures for pair in pairs), np.stack([pair.mean for pair in pairs]),
            np.stack([pair.peak for pair in pairs]), np.stack([pair.gradient for pair in pairs]),
            np.stack([pair.logits for pair in pairs]), positive,
        )  # fmt: skip

    @property
    def seen(self) -> bool:
        """Whether the two pictures of any pair differ."""
        return any(before != after for before, after in self.pictures)

    @cached_property
    def effects(self) -> Floats:
        """The change of the logit difference in each pair (n,)."""
        found = differences(self.logits, self.positive)
        return np.asarray(found[:, AFTER] - found[:, BEFORE])


def measure_all(
    classifier: Classifier, blocks: Sequence[Block], cues: Sequence[Cue],
    drawn: Mapping[str, Sequence[Subject]], folder: Path, progress: ProgressCallback,
    height: int = HEIGHT,
) -> list[CuePairs]:  # fmt: skip
    """The pairs of ``cues`` over the phantoms of :func:`xai_core.features.pairs.subjects_of`.

    ``folder`` holds a file per phantom, written when the phantom is done; pairs that are there are
    read, not measured.  The caller checks that they are of the same model and generator.
    ``progress``: called with (phantoms done, phantoms in all, kind of the current one).

    Raises:
        BadRequest: ``folder`` cannot be written.
        ModelError: see :func:`measure`.
    """
    of_kind = {kind: [cue for cue in cues if cue.kind == kind] for kind in drawn}
    found: dict[str, list[Pair]] = {cue.id: [] for cue in cues}
    work = by_turns(drawn)
    for done, (kind, subject) in enumerate(work):
        progress(done, len(work), kind)
        place = folder / f"{slug(kind)}-{subject.seed}.safetensors"
        known = {pair.cue: pair for pair in read_pairs(place)}
        missing = [cue for cue in of_kind[kind] if cue.id not in known]
        if missing:
            measured = measure(classifier, blocks, subject, missing, height)
            known |= {pair.cue: pair for pair in measured}
            with writing(folder):
                write_pairs(place, list(known.values()))
        for cue in of_kind[kind]:
            found[cue.id].append(known[cue.id])
    progress(len(work), len(work), "")
    return [CuePairs.of(cue, found[cue.id], classifier.spec.positive) for cue in cues]

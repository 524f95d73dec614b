"""What channels answer to, and what goes with a cue's direction: all of it, and as one file.

The file has the safetensors format: numbers as tensors, and as one more the names in JSON.  Nothing
in it is ever executed.  It opens in milliseconds, for a page.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xai_core.errors import BadRequest
from xai_core.features.blocks import Block
from xai_core.features.cue_pairs import CuePairs
from xai_core.features.cue_tests import Answers, answers
from xai_core.features.cues import CUES, Cue
from xai_core.features.directions import Removal, Variant
from xai_core.features.tcav import DOWN, NEITHER, UP, Tcav, tcav_of_cues
from xai_core.files import read_regular, write_bytes
from xai_core.output import shown_name
from xai_core.statistics.bootstrap import mean_interval

Floats = NDArray[np.float64]
FORMAT = 1
FILE = "study.safetensors"


@dataclass(frozen=True)
class CueEffect:
    """What a cue does to the model: the mean change of the logit difference over ``pairs`` pairs,
    with its 95 % interval, NaN below ten phantoms.  ``seen``: whether the pictures of any pair
    differ."""

    cue: Cue
    pairs: int
    mean: float
    low: float
    high: float
    seen: bool

    @classmethod
    def of(cls, pairs: CuePairs) -> CueEffect:
        """The effect over the pairs of a cue."""
        low, high = mean_interval(pairs.effects, pairs.phantoms, seed=0)
        count = len(pairs.phantoms)
        return cls(pairs.cue, count, float(pairs.effects.mean()), low, high, pairs.seen)

    @property
    def reading(self) -> str:
        """Which way the answer goes by the interval; "" without one."""
        if math.isnan(self.low):
            return ""
        return UP if self.low > 0 else DOWN if self.high < 0 else NEITHER


@dataclass(frozen=True, eq=False)
class CueStudy:
    """Everything that is known of some cues.

    ``blocks``: those whose channels are studied; all channels of the first come first, then those
    of the next.  ``effects``: by cue.  ``answers``: see there.  ``tcav``: for each block, by cue.
    ``removals``: of the blocks' directions, see :class:`xai_core.features.directions.Removal`.
    """

    blocks: tuple[Block, ...]
    effects: tuple[CueEffect, ...]
    answers: Answers
    tcav: tuple[tuple[Tcav, ...], ...]
    removals: tuple[Removal, ...]

    def removals_of(self, block: Block, variant: Variant, cue: str) -> tuple[Removal, ...]:
        """What removing one cue's direction does, to every cue it was measured on."""
        return tuple(
            one
            for one in self.removals
            if (one.block.name, one.variant, one.removed.id) == (block.name, variant, cue)
        )


def parts_of(blocks: Sequence[Block]) -> tuple[slice, ...]:
    """Where the channels of each block lie among those of all."""
    ends = np.cumsum([block.channels for block in blocks]).tolist()
    return tuple(slice(e - b.channels, e) for e, b in zip(ends, blocks, strict=True))


def study(
    blocks: Sequence[Block], pairs: Sequence[CuePairs], removals: Sequence[Removal], seed: int = 0
) -> CueStudy:
    """Test all channels and cues.  ``pairs``: of the channels of ``blocks``; at least one cue."""
    return CueStudy(
        tuple(blocks),
        tuple(CueEffect.of(one) for one in pairs),
        answers(pairs, seed),
        tuple(tuple(tcav_of_cues(pairs, part, seed)) for part in parts_of(blocks)),
        tuple(removals),
    )


# --- The file ---------------------------------------------------------------------------------

_VARIANTS = tuple(Variant)
_ANSWERS = ("auc", "shift", "low", "high", "p")
_EFFECT = ("pairs", "mean", "low", "high", "seen")
_REMOVAL = ("pairs", "before", "low", "high", "after")


def encode_study(found: CueStudy, identity: Mapping[str, Any]) -> bytes:
    """The content of a file.  ``identity``: of model and generator, as JSON values."""
    ids = [effect.cue.id for effect in found.effects]
    names = [block.name for block in found.blocks]
    removed = np.full((len(names), len(_VARIANTS), len(ids), len(ids), len(_REMOVAL)), np.nan)
    for one in found.removals:
        at = (
            names.index(one.block.name), _VARIANTS.index(one.variant), ids.index(one.removed.id),
            ids.index(one.measured.id),
        )  # fmt: skip
        removed[at] = [getattr(one, name) for name in _REMOVAL]
    said = {
        "format": FORMAT,
        "cues": ids,
        "blocks": [[b.stage, b.index, b.channels, b.side] for b in found.blocks],
        "permuted": found.answers.permuted,
        "identity": dict(identity),
    }
    tensors: dict[str, NDArray[Any]] = {
        # Two decimals of an AUC, or of d_z, are shown: half the bytes are enough.
        **{f"answers.{n}": getattr(found.answers, n).astype(np.float32) for n in _ANSWERS},
        "effects": np.array([[getattr(e, name) for name in _EFFECT] for e in found.effects], float),
        "removed": removed,
        "tcav": np.array([[[t.scores, t.random] for t in one] for one in found.tcav], float),
        "tcav.p": np.array([[t.p for t in one] for one in found.tcav], float),
        "said": np.frombuffer(json.dumps(said).encode(), np.uint8),
    }
    return bytes(save(tensors))


def write_study(place: Path, found: CueStudy, identity: Mapping[str, Any]) -> None:
    """Write a file of :func:`encode_study`, atomically.

    Raises:
        OSError: see :func:`xai_core.files.whole_file`.
    """
    write_bytes(place, encode_study(found, identity))


def read_study(place: Path) -> tuple[CueStudy, dict[str, Any]]:
    """The study in a file of :func:`write_study`, and the identity that it was written with.

    Raises:
        BadRequest: the file is missing, damaged or of another version.
    """
    try:
        tensors = load(read_regular(place))
        said = json.loads(tensors["said"].tobytes())
        if said["format"] != FORMAT:
            raise ValueError("another format")
        return _decoded(said, tensors), dict(said["identity"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, IndexError):
        raise BadRequest(
            f"{shown_name(place.parent)} holds no study of cues that this version can read; make "
            "one with features cues."
        ) from None


def _decoded(said: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> CueStudy:
    known = {cue.id: cue for cue in CUES}
    cues = tuple(known[name] for name in said["cues"])
    blocks = tuple(Block(*map(int, one)) for one in said["blocks"])
    auc, shift, low, high, p = (tensors[f"answers.{n}"].astype(np.float64) for n in _ANSWERS)
    found = Answers(cues, auc, shift, low, high, p, float(said["permuted"]))
    effects = tuple(
        CueEffect(cue, int(row[0]), float(row[1]), float(row[2]), float(row[3]), bool(row[4]))
        for cue, row in zip(cues, tensors["effects"], strict=True)
    )
    tcav = tuple(
        tuple(
            Tcav(cue.id, one[0], one[1], float(p)) for cue, one, p in zip(cues, a, b, strict=True)
        )
        for a, b in zip(tensors["tcav"], tensors["tcav.p"], strict=True)
    )
    removed = tensors["removed"]
    removals = tuple(
        Removal(
            blocks[b], _VARIANTS[v], cues[i], cues[j], int(row[0]), *(float(x) for x in row[1:])
        )
        for b, v, i, j in np.argwhere(~np.isnan(removed[..., 0])).tolist()
        for row in (removed[b, v, i, j],)
    )
    return CueStudy(blocks, effects, found, tcav, removals)

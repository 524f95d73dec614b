"""The atlas as a folder: an address for each channel and each cue, open in milliseconds.

``places.safetensors`` holds where each channel matters most and is strongest
(:mod:`xai_core.features.atlas`), ``study.safetensors`` what it answers to
(:mod:`xai_core.features.cue_study`).  There are no pictures in it: patches are cut from the cases'
own images when they are shown.  Nothing in it is ever executed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xai_core.errors import BadRequest
from xai_core.features.atlas import BlockPlaces, Content, PlacedCase, Places, Spots
from xai_core.features.blocks import Block
from xai_core.features.cue_study import FILE as STUDY
from xai_core.features.cue_study import CueEffect, CueStudy, encode_study, parts_of, read_study
from xai_core.features.cue_tests import RESPONSES
from xai_core.features.cues import Cue
from xai_core.features.directions import Removal, Variant
from xai_core.features.tcav import Tcav
from xai_core.files import read_regular, write_bytes
from xai_core.output import shown_name
from xai_core.types import FloatArray

FORMAT = 1
PLACES_FILE = "places.safetensors"

# --- What an address shows --------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One place of a channel.

    ``box``: the cell, and ``field``: the square that half of the cell's gradient falls on, in px of
    the case's image (x0, y0, x1, y1), ends exclusive.  ``effect``: exact change of the logit
    difference with the channel off there, None where it was not computed; ``first_order``: its
    estimate.  ``activation``: of the channel there.  ``content``: what lies there; ``kind``,
    ``descriptors``: of the lesion there or beside, "" and none without one.
    """

    case_id: str
    row: int
    column: int
    box: tuple[int, int, int, int]
    field: tuple[int, int, int, int]
    effect: float | None
    first_order: float
    activation: float
    content: Content
    kind: str
    descriptors: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """A channel's answer to a cue, by the response in which it shifts more; see
    :class:`xai_core.features.cue_tests.Answers`.  ``p`` is the smaller one of both responses."""

    cue: Cue
    block: Block
    channel: int
    response: str
    auc: float
    shift: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class ChannelEntry:
    """A channel's address.  ``answers``: the cues that hold, the largest |shift| first; none where
    the channel is unexplained."""

    block: Block
    channel: int
    by_effect: tuple[Place, ...]
    by_activation: tuple[Place, ...]
    answers: tuple[Answer, ...]

    @property
    def is_unexplained(self) -> bool:
        """Whether no cue holds."""
        return not self.answers


@dataclass(frozen=True)
class CueEntry:
    """A cue's address.  ``answers``: the channels of all blocks that answer to it, the largest
    |shift| first.  ``tcav``: for each block.  ``removals``: of its own directions, by block and
    variant, measured on every cue."""

    effect: CueEffect
    answers: tuple[Answer, ...]
    tcav: tuple[Tcav, ...]
    removals: tuple[Removal, ...]


@dataclass(frozen=True, eq=False)
class Atlas:
    """An atlas in memory, some MB.  ``identity``: of the model and the generator, as written."""

    places: Places
    study: CueStudy
    identity: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Atlas:
        """The atlas in a folder of :func:`write_atlas`.

        Raises:
            BadRequest: there is none that this version can read.
        """
        study, identity = read_study(folder / STUDY)
        return cls(read_places(folder / PLACES_FILE), study, identity)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks whose channels have an address."""
        return self.study.blocks

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The cues that have an address."""
        return self.study.answers.cues

    def channel(self, block: str, channel: int) -> ChannelEntry:
        """A channel's address.

        Args:
            block: its name, such as ``stages.2.blocks.8``.
            channel: from 0.

        Raises:
            BadRequest: there is no such block or channel.
        """
        names = [one.name for one in self.blocks]
        if block not in names:
            raise BadRequest(f"The block is {block!r:.60}; the atlas has {' and '.join(names)}.")
        number = names.index(block)
        found = self.blocks[number]
        if not 0 <= channel < found.channels:
            raise BadRequest(
                f"The channel is {channel}; {found.title} has channels 0 to {found.channels - 1}."
            )
        at = self.places.blocks[number]
        held = np.flatnonzero(
            self.study.answers.holds[:, parts_of(self.blocks)[number]][:, channel]
        )
        return ChannelEntry(
            found, channel,
            self._places(number, at.by_effect, at.effect_case, channel),
            self._places(number, at.by_activation, at.activation_case, channel),
            _sorted([self._answer(int(k), number, channel) for k in held]),
        )  # fmt: skip

    def cue(self, cue_id: str) -> CueEntry:
        """A cue's address.

        Raises:
            BadRequest: the atlas has no such cue.
        """
        ids = [cue.id for cue in self.cues]
        if cue_id not in ids:
            raise BadRequest(
                f"There is no cue {cue_id!r:.60} in the atlas; give one of its {len(ids)}, such as "
                f"{ids[0]}."
            )
        k = ids.index(cue_id)
        found = [
            self._answer(k, number, int(channel))
            for number, part in enumerate(parts_of(self.blocks))
            for channel in np.flatnonzero(self.study.answers.holds[k, part])
        ]
        removals = tuple(
            one
            for block in self.blocks
            for variant in Variant
            for one in self.study.removals_of(block, variant, cue_id)
        )
        tcav = tuple(one[k] for one in self.study.tcav)
        return CueEntry(self.study.effects[k], _sorted(found), tcav, removals)

    def _answer(self, cue: int, block: int, channel: int) -> Answer:
        held = self.study.answers
        at = parts_of(self.blocks)[block].start + channel
        response = held.best(cue, at)
        auc, shift, low, high = (
            float(one[cue, response, at]) for one in (held.auc, held.shift, held.low, held.high)
        )
        return Answer(
            held.cues[cue], self.blocks[block], channel, RESPONSES[response], auc, shift, low, high,
            float(held.p[cue, :, at].min()),
        )  # fmt: skip

    def _places(
        self, block: int, spots: Spots, case: NDArray[np.int32], channel: int
    ) -> tuple[Place, ...]:
        found, cell = self.places.blocks[block], self.places.cell_sides[block]
        out = []
        for n in range(len(case)):
            of, at = self.places.cases[int(case[n, channel])], int(spots.cell[n, channel])
            row, column = divmod(at, found.block.side)
            effect, lesion = float(spots.effect[n, channel]), int(spots.lesion[n, channel])
            kind, descriptors = of.lesions[lesion] if lesion >= 0 else ("", {})
            out.append(
                Place(
                    of.id, row, column, of.box(row, column, cell, cell),
                    of.box(row, column, cell, found.field),
                    None if math.isnan(effect) else effect, float(spots.first_order[n, channel]),
                    float(spots.activation[n, channel]), Content(int(spots.content[n, channel])),
                    kind, descriptors,
                )
            )  # fmt: skip
        return tuple(out)


def _sorted(found: list[Answer]) -> tuple[Answer, ...]:
    return tuple(sorted(found, key=lambda one: -abs(one.shift)))


def patch(image: FloatArray, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The pixels of ``box`` of a case's image (H, W) in [0, 1], as 256 grey levels."""
    x0, y0, x1, y1 = box
    return np.asarray(np.rint(image[y0:y1, x0:x1] * 255).astype(np.uint8))


# --- The files --------------------------------------------------------------------------------

_KINDS: dict[str, Any] = {
    "cell": np.uint32, "effect": np.float32, "first_order": np.float32, "activation": np.float32,
    "content": np.uint8, "lesion": np.int8,
}  # fmt: skip
_SIDES = ("effect", "activation")


def write_atlas(folder: Path, places: Places, study: CueStudy, identity: Mapping[str, Any]) -> None:
    """Write the two files of an atlas into a folder that is there, each atomically.

    Raises:
        OSError: see :func:`xai_core.files.whole_file`.
    """
    write_bytes(folder / PLACES_FILE, encode_places(places))
    write_bytes(folder / STUDY, encode_study(study, identity))


def encode_places(places: Places) -> bytes:
    """The content of the file of places."""
    said = {
        "format": FORMAT,
        "blocks": [
            [b.block.stage, b.block.index, b.block.channels, b.block.side] for b in places.blocks
        ],
        "fields": [one.field for one in places.blocks],
        "agreements": [
            None if math.isnan(one.agreement) else one.agreement for one in places.blocks
        ],
        "cell_sides": places.cell_sides,
        "cases": [
            [one.id, one.pixels, one.crop, one.scale, one.pad, one.shape, one.lesions]
            for one in places.cases
        ],
    }
    tensors: dict[str, NDArray[Any]] = {"said": np.frombuffer(json.dumps(said).encode(), np.uint8)}
    for k, block in enumerate(places.blocks):
        for side in _SIDES:
            spots: Spots = getattr(block, f"by_{side}")
            tensors[f"{k}.{side}.case"] = getattr(block, f"{side}_case").astype(np.uint16)
            for name, kind in _KINDS.items():
                tensors[f"{k}.{side}.{name}"] = getattr(spots, name).astype(kind)
    return bytes(save(tensors))


def read_places(place: Path) -> Places:
    """The places in a file of :func:`write_atlas`.

    Raises:
        BadRequest: the file is missing, damaged or of another version.
    """
    try:
        tensors = load(read_regular(place))
        said = json.loads(tensors["said"].tobytes())
        if said["format"] != FORMAT:
            raise ValueError("another format")
        cases = tuple(
            PlacedCase(
                str(name), str(pixels), tuple(crop), float(scale), tuple(pad), tuple(shape),
                tuple((kind, descriptors) for kind, descriptors in lesions),
            )
            for name, pixels, crop, scale, pad, shape, lesions in said["cases"]
        )  # fmt: skip
        described = zip(said["blocks"], said["fields"], said["agreements"], strict=True)
        blocks = tuple(
            _block_places(tensors, k, Block(*map(int, block)), float(field), agreement)
            for k, (block, field, agreement) in enumerate(described)
        )
        if any(c.max(initial=0) >= len(cases) for b in blocks for c in _cases_of(b)):
            raise ValueError("a place is of no case")
        return Places(cases, blocks, tuple(map(float, said["cell_sides"])))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest(
            f"{shown_name(place.parent)} holds no atlas that this version can read; make one with "
            "features atlas."
        ) from None


def _cases_of(block: BlockPlaces) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return block.effect_case, block.activation_case


def _block_places(
    tensors: Mapping[str, NDArray[Any]], k: int, block: Block, field: float, agreement: float | None
) -> BlockPlaces:
    found = []
    for side in _SIDES:
        one = {name: tensors[f"{k}.{side}.{name}"] for name in _KINDS}
        if any(array.shape[1:] != (block.channels,) for array in one.values()):
            raise ValueError("of other channels")
        spots = Spots(
            one["cell"].astype(np.int32), one["effect"].astype(np.float64),
            one["first_order"].astype(np.float64), one["activation"].astype(np.float64),
            one["content"], one["lesion"],
        )  # fmt: skip
        found.append((spots, tensors[f"{k}.{side}.case"].astype(np.int32)))
    (effect, effect_case), (activation, activation_case) = found
    return BlockPlaces(
        block, field, effect, effect_case, activation, activation_case,
        math.nan if agreement is None else float(agreement),
    )  # fmt: skip

"""Where each channel matters most, and where it is strongest, over the cases of a source.

A place is one cell of a block's output in one case; at most one place of a case is taken for a
channel, so that nine places are of nine cases.  The effect of a place is the change of the logit
difference where the channel is switched off in that cell alone.  Behind the last block the closed
form of the head gives the exact effect of every cell; before it the first-order estimate picks a
channel's candidates, and the network behind the block is computed again for each of them.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from xai_core.cases.base import CaseSource
from xai_core.cases.sources.library import PhantomLibrary, TrueLesion
from xai_core.errors import CaseError
from xai_core.features.ablation import ChannelProbe, differences, rank_agreement
from xai_core.features.blocks import Block
from xai_core.features.head import channel_means
from xai_core.features.receptive_field import effective_side
from xai_core.model.classifier import Classifier
from xai_core.types import BoolArray, Case, CaseRecord, Pathology, ProgressCallback

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
PLACES = 9
"""Places of each channel, by effect and by activation."""
CANDIDATES = 2 * PLACES
"""Places of each channel whose exact effect is computed before the last block."""
_FIELD_CASES = 3  # cases that the receptive field is measured on
_THIN = 0.5  # share of a lesion's pixels in a cell from which on the cell shows its spicules

# --- What lies at a place ---------------------------------------------------------------------


class Content(enum.IntEnum):
    """What lies at a place: nothing of a lesion; its body; its spicules or strands; nothing, but a
    lesion within the receptive field; or nobody has marked it."""

    NONE = 0
    LESION = 1
    SPICULES = 2
    BESIDE = 3
    UNKNOWN = 4


@dataclass(frozen=True, eq=False)
class PlacedCase:
    """A case that places are of.

    ``crop``, ``scale``, ``pad``: see :class:`xai_core.preprocessing.letterbox.Geometry`.
    ``shape``: of its image (H, W).  ``lesions``: kind and descriptors of each.  ``pixels``: SHA-256
    (hex) of the image.
    """

    id: str
    pixels: str
    crop: tuple[int, int, int, int]
    scale: float
    pad: tuple[float, float]
    shape: tuple[int, int]
    lesions: tuple[tuple[str, Mapping[str, str]], ...]

    def box(self, row: int, column: int, cell: float, side: float) -> tuple[int, int, int, int]:
        """The square of ``side`` network px about a cell of ``cell`` network px, in the image's px
        (x0, y0, x1, y1), ends exclusive, cut at the image's edges; x0 = x1 or y0 = y1 where it
        lies outside."""
        ends = []
        for number, k in ((column, 0), (row, 1)):
            middle = (number + 0.5) * cell
            for end in (middle - side / 2, middle + side / 2):
                at = (end - self.pad[k]) / self.scale + self.crop[k]
                ends.append(int(np.clip(round(at), 0, self.shape[1 - k])))
        return ends[0], ends[2], ends[1], ends[3]


def lesions_of(source: CaseSource, case: Case) -> tuple[TrueLesion, ...] | None:
    """The lesions of a case; one of no kind where only a mask is known; None where nobody has
    marked any, though there may be one.

    Raises:
        CaseError: see :meth:`xai_core.cases.sources.library.PhantomLibrary.lesions`.
    """
    if isinstance(source, PhantomLibrary):
        return source.lesions(case.id)
    if case.lesion_mask is not None and case.lesion_mask.any():
        return (TrueLesion("", case.descriptors, case.lesion_mask, None),)
    return () if case.pathology is Pathology.NORMAL else None


def contents(
    case: PlacedCase, lesions: Sequence[TrueLesion] | None, block_side: int, cell: float,
    field: float,
) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:  # fmt: skip
    """What lies in each cell of a block: :class:`Content` and the number of the lesion, -1 for
    none, each (side, side).

    A cell shows the lesion that has the most pixels in it: its spicules where more than half of
    these are thin.

    Args:
        lesions: None where nobody has marked any.
        cell: side of a cell in network px.
        field: side of the receptive field in network px.
    """
    what = np.full((block_side, block_side), Content.NONE, np.uint8)
    which = np.full((block_side, block_side), -1, np.int8)
    if lesions is None:
        what[:] = Content.UNKNOWN
        return what, which
    masks = [_cumulated(lesion.mask) for lesion in lesions]
    thin = [None if one.thin is None else _cumulated(one.thin & one.mask) for one in lesions]
    for row, column in np.ndindex(what.shape) if masks else ():
        inside = [_pixels(mask, case.box(row, column, cell, cell)) for mask in masks]
        near = [_pixels(mask, case.box(row, column, cell, field)) for mask in masks]
        k = int(np.argmax(inside if any(inside) else near))
        if inside[k]:
            rays = thin[k]
            fine = 0 if rays is None else _pixels(rays, case.box(row, column, cell, cell))
            is_thin = fine > _THIN * inside[k]
            what[row, column] = Content.SPICULES if is_thin else Content.LESION
            which[row, column] = k
        elif near[k]:
            what[row, column], which[row, column] = Content.BESIDE, k
    return what, which


def _cumulated(mask: BoolArray) -> NDArray[np.int64]:
    """Sums over all pixels above and to the left (H + 1, W + 1)."""
    return np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def _pixels(cumulated: NDArray[np.int64], box: tuple[int, int, int, int]) -> int:
    x0, y0, x1, y1 = box
    return int(cumulated[y1, x1] - cumulated[y0, x1] - cumulated[y1, x0] + cumulated[y0, x0])


# --- One case ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Spots:
    """One cell for each channel, every array (..., C).

    ``cell``: its number, row by row.  ``effect``: exact, NaN where it is not known.
    ``first_order``: minus gradient times activation there.  ``activation``: there.  ``content``,
    ``lesion``: see :func:`contents`.
    """

    cell: NDArray[np.int32]
    effect: Floats
    first_order: Floats
    activation: Floats
    content: NDArray[np.uint8]
    lesion: NDArray[np.int8]

    @property
    def best_effect(self) -> Floats:
        """The exact effect where it is known, else to first order."""
        return np.where(np.isnan(self.effect), self.first_order, self.effect)


_ARRAYS = ("cell", "effect", "first_order", "activation", "content", "lesion")


def cell_effects(probe: ChannelProbe) -> tuple[Floats, Floats]:
    """The effect of switching off each channel in each cell alone (C, cells): exact, NaN before the
    last block; and to first order."""
    activation = probe.activation.double().flatten(1).cpu().numpy()
    first = -probe.gradient.double().flatten(1).cpu().numpy() * activation
    exact = np.full(activation.shape, np.nan)
    if probe.head is not None:
        means, cells = channel_means(probe.activation), activation.shape[1]
        plain = differences(probe.plain, probe.positive)
        for cell in range(cells):
            logits = probe.head.each_changed(means, means - activation[:, cell] / cells)
            exact[:, cell] = differences(logits, probe.positive) - plain
    return exact, first


def exact_effects(probe: ChannelProbe, channels: Indices, cells: Indices) -> Floats:
    """The exact effect of switching off one channel in one cell, for each of n pairs of both (n,).

    Raises:
        ModelError: see :meth:`ChannelProbe.score`.
    """
    found, plain = [], differences(probe.plain, probe.positive)
    side = probe.activation.shape[-1]
    for start in range(0, len(channels), probe.chunk):
        part = np.s_[start : start + probe.chunk]
        ks, rows, columns = channels[part], cells[part] // side, cells[part] % side
        ablated = probe.activation.repeat(len(ks), 1, 1, 1)
        for n, (k, row, column) in enumerate(zip(ks, rows, columns, strict=True)):
            ablated[n, int(k), int(row), int(column)] = 0
        found.append(differences(probe.score(ablated), probe.positive) - plain)
    return np.concatenate(found) if found else np.zeros(0)


def spots_of(
    probe: ChannelProbe, content: NDArray[np.uint8], lesion: NDArray[np.int8]
) -> tuple[Spots, Spots]:
    """For each channel the cell of the largest |effect|, exact or else to first order, and the one
    of the strongest activation."""
    exact, first = cell_effects(probe)
    activation = probe.activation.double().flatten(1).cpu().numpy()
    every = np.arange(len(activation))
    found = []
    for cell in (
        np.abs(exact if probe.head is not None else first).argmax(1), activation.argmax(1),
    ):  # fmt: skip
        found.append(
            Spots(
                cell.astype(np.int32), exact[every, cell], first[every, cell],
                activation[every, cell], content.ravel()[cell], lesion.ravel()[cell],
            )
        )  # fmt: skip
    return found[0], found[1]


# --- All cases --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class BlockPlaces:
    """The places of a block's channels.

    ``field``: side of the receptive field in network px.  ``by_effect``, ``by_activation``: arrays
    (places, C), the largest first; ``effect_case`` and ``activation_case``: the number of the case
    of each, the same shapes.  ``agreement``: Spearman's rank correlation of first-order and exact
    effects over all places whose exact effect is known.
    """

    block: Block
    field: float
    by_effect: Spots
    effect_case: NDArray[np.int32]
    by_activation: Spots
    activation_case: NDArray[np.int32]
    agreement: float


@dataclass(frozen=True, eq=False)
class Places:
    """The places of all channels over some cases.  ``cell_sides``: of each block's cells in network
    px."""

    cases: tuple[PlacedCase, ...]
    blocks: tuple[BlockPlaces, ...]
    cell_sides: tuple[float, ...]


def places(
    classifier: Classifier, blocks: Sequence[Block], source: CaseSource,
    records: Sequence[CaseRecord], progress: ProgressCallback,
    left_out: Callable[[str, CaseError], None],
) -> Places:  # fmt: skip
    """The places of every channel of ``blocks`` over the cases of ``records``.

    Args:
        progress: called with (steps done, steps in all, id of the current case); every case is two
            steps, of which the second is short where it has no candidate.
        left_out: called with the id of a case that cannot be read, and why.

    Raises:
        CaseError: no case can be read.
        ModelError: see :class:`ChannelProbe`.
    """
    size, cases = classifier.spec.input_size, list[PlacedCase]()
    cells = [size / block.side for block in blocks]
    fields: list[list[float]] = [[] for _ in blocks]
    found: list[list[tuple[Spots, Spots]]] = [[] for _ in blocks]
    for done, record in enumerate(records):
        progress(done, 2 * len(records), record.id)
        try:
            case = source.load(record.id)
            lesions = lesions_of(source, case)
        except CaseError as problem:
            left_out(record.id, problem)
            continue
        placed, inputs = _prepared(classifier, case, lesions)
        if len(cases) < _FIELD_CASES:
            for k, block in enumerate(blocks):
                fields[k].append(effective_side(classifier, inputs, block))
        cases.append(placed)
        for k, probe in enumerate(ChannelProbe.of_each(classifier, inputs, blocks)):
            field = float(np.median(fields[k]))
            what = contents(placed, lesions, blocks[k].side, cells[k], field)
            found[k].append(spots_of(probe, *what))
    if not cases:
        raise CaseError(f"No case of {source.name} can be read; nothing was measured.")
    tables = [_stacked(one) for one in found]
    _measure_candidates(classifier, blocks, source, cases, tables, len(records), progress)
    progress(2 * len(records), 2 * len(records), "")
    return Places(
        tuple(cases),
        tuple(
            _nine(block, float(np.median(fields[k])), *tables[k]) for k, block in enumerate(blocks)
        ),
        tuple(cells),
    )


def _prepared(
    classifier: Classifier, case: Case, lesions: Sequence[TrueLesion] | None
) -> tuple[PlacedCase, Tensor]:
    prepared = classifier.prepare(case.image)
    at = prepared.geometry
    height, width = case.image.shape
    pixels = hashlib.sha256(np.ascontiguousarray(case.image).tobytes()).hexdigest()
    known = tuple((one.kind, dict(one.descriptors)) for one in lesions or ())
    placed = PlacedCase(case.id, pixels, at.crop, at.scale, at.pad, (height, width), known)
    return placed, classifier.normalise(prepared.grey)


def _stacked(found: Sequence[tuple[Spots, Spots]]) -> tuple[Spots, Spots]:
    """(cases, C)."""
    by_effect, by_activation = zip(*found, strict=True)
    return _joined(by_effect, np.stack), _joined(by_activation, np.stack)


def _joined(spots: Sequence[Spots], join: Callable[[list[Any]], Any]) -> Spots:
    return Spots(*(join([getattr(one, name) for one in spots]) for name in _ARRAYS))


def _measure_candidates(
    classifier: Classifier, blocks: Sequence[Block], source: CaseSource,
    cases: Sequence[PlacedCase], tables: list[tuple[Spots, Spots]], before: int,
    progress: ProgressCallback,
) -> None:  # fmt: skip
    """Fill in the exact effects of each channel's first candidates, where they are not known."""
    wanted = [
        _first(np.abs(spots.first_order), CANDIDATES) & np.isnan(spots.effect)
        for spots, _ in tables
    ]
    for number, placed in enumerate(cases):
        progress(before + number, 2 * before, placed.id)
        open_blocks = [k for k, one in enumerate(wanted) if one[number].any()]
        if not open_blocks:
            continue
        inputs = classifier.normalise(classifier.prepare(source.load(placed.id).image).grey)
        chosen = [blocks[k] for k in open_blocks]
        for k, probe in zip(
            open_blocks, ChannelProbe.of_each(classifier, inputs, chosen), strict=True
        ):
            channels = np.flatnonzero(wanted[k][number])
            spots = tables[k][0]
            spots.effect[number, channels] = exact_effects(
                probe, channels, spots.cell[number, channels]
            )


def _first(values: Floats, count: int) -> BoolArray:
    """Whether each of ``values`` (cases, C) is among the ``count`` largest of its column; of equal
    ones the first."""
    order = np.argsort(-values, axis=0, kind="stable")[:count]
    found = np.zeros(values.shape, np.bool_)
    np.put_along_axis(found, order, True, axis=0)
    return found


def _nine(block: Block, field: float, by_effect: Spots, by_activation: Spots) -> BlockPlaces:
    known = ~np.isnan(by_effect.effect)
    # Of places whose exact effect is known alone.
    size = np.where(known, np.abs(np.nan_to_num(by_effect.effect)), -1.0)
    agreement = rank_agreement(by_effect.first_order[known], by_effect.effect[known])
    chosen, case = _largest(by_effect, size)
    strongest, strongest_case = _largest(by_activation, by_activation.activation)
    return BlockPlaces(block, field, chosen, case, strongest, strongest_case, agreement)


def _largest(spots: Spots, size: Floats) -> tuple[Spots, NDArray[np.int32]]:
    order = np.argsort(-size, axis=0, kind="stable")[:PLACES]
    taken = [np.take_along_axis(getattr(spots, name), order, axis=0) for name in _ARRAYS]
    return Spots(*taken), order.astype(np.int32)

"""Edits of channels of a block's output, (C, h, w), of one image; channels count from 0.

An edited activation is one that the network may never have seen: an edit shows what the layers
behind the block make of it, not what another image would look like.  Switching off: Morcos et al.,
"On the importance of single directions for generalization", ICLR 2018; replacing by a mean or by
another image's activation: Zhang and Nanda, "Towards best practices of activation patching in
language models", ICLR 2024; directions: Kim et al., "Interpretability beyond feature attribution:
quantitative testing with concept activation vectors", ICML 2018.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import NMF
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.types import BoolArray, FloatArray, read_only

LOWEST, HIGHEST = -2.0, 3.0
"""The factors by which channels may be scaled."""

Shape = tuple[int, int, int]
"""Channels, rows and columns of an activation."""


@dataclass(frozen=True, eq=False)  # edits with arrays must not inherit an equality without them
class ChannelEdit(abc.ABC):
    """One edit.  Edits of numbers alone are equal by value, those with arrays by identity.

    What depends on the edit alone is checked when it is made, what depends on the block by
    :meth:`check`.
    """

    @abc.abstractmethod
    def check(self, shape: Shape) -> None:
        """Check the edit against the shape of the activation.

        Raises:
            BadRequest: it names a channel or a position that is not there, or has another shape.
        """

    @abc.abstractmethod
    def apply(self, activation: Tensor) -> None:
        """Change ``activation`` (C, h, w), which :meth:`check` has accepted, in place."""


def edited(activation: Tensor, edits: Iterable[ChannelEdit]) -> Tensor:
    """``activation`` (C, h, w) with ``edits``, one after the other; a new tensor.

    Raises:
        BadRequest: see :meth:`ChannelEdit.check`.
    """
    channels, rows, columns = activation.shape
    out = activation.clone()
    for edit in edits:
        edit.check((channels, rows, columns))
        edit.apply(out)
    return out


# --- Edits of channels ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _OfChannels(ChannelEdit):
    """An edit of a group of channels, at least one, each once."""

    channels: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.channels:
            raise BadRequest("No channel is given; name at least one.")
        if len(set(self.channels)) < len(self.channels):
            twice = next(k for k in self.channels if self.channels.count(k) > 1)
            raise BadRequest(f"Channel {twice} is given twice; name each channel once.")

    def check(self, shape: Shape) -> None:
        for channel in self.channels:
            if not 0 <= channel < shape[0]:
                raise BadRequest(
                    f"The channel is {channel}; this block has channels 0 to {shape[0] - 1}."
                )

    @property
    def _index(self) -> list[int]:
        return list(self.channels)


@dataclass(frozen=True)
class Scale(_OfChannels):
    """Multiply the channels by ``factor``, from -2 to 3; 0 switches them off."""

    factor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not LOWEST <= self.factor <= HIGHEST:
            raise BadRequest(
                f"The factor is {self.factor:g}; give one from {LOWEST:g} to {HIGHEST:g}."
            )

    def apply(self, activation: Tensor) -> None:
        activation[self._index] *= self.factor


@dataclass(frozen=True, eq=False)
class Replace(_OfChannels):
    """Replace the channels by those of ``by``, float32 (C, h, w): a mean over cases, see
    :func:`mean_activation`, or another case's activation at the same block."""

    by: FloatArray

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "by", _finite(self.by, "The replacing activation"))

    def check(self, shape: Shape) -> None:
        super().check(shape)
        if self.by.shape != shape:
            raise BadRequest(
                f"The replacing activation has shape {self.by.shape}; this block's has {shape}."
            )

    def apply(self, activation: Tensor) -> None:
        activation[self._index] = torch.tensor(self.by[self._index]).to(activation)


def mean_activation(activations: Sequence[Tensor]) -> FloatArray:
    """The mean over cases of activations (C, h, w), at least one, summed in float64."""
    total = sum(activation.double() for activation in activations[1:]) + activations[0].double()
    mean: FloatArray = (total / len(activations)).float().cpu().numpy()
    return mean


@dataclass(frozen=True)
class Box:
    """Cells of the block's grid: rows from ``top`` to below ``bottom``, columns from ``left`` to
    below ``right``, from 0."""

    top: int
    left: int
    bottom: int
    right: int

    def __post_init__(self) -> None:
        if self.top >= self.bottom or self.left >= self.right:
            raise BadRequest(f"The box has {self._words}, which is empty; give at least one cell.")

    @property
    def _words(self) -> str:
        return f"rows {self.top} to {self.bottom} and columns {self.left} to {self.right}"

    def check(self, rows: int, columns: int) -> None:
        """Check that the box lies on a grid.

        Raises:
            BadRequest: it does not.
        """
        if min(self.top, self.left) < 0 or self.bottom > rows or self.right > columns:
            raise BadRequest(
                f"The box has {self._words}; this block's grid has {rows} rows and {columns} "
                "columns, counted from 0."
            )


@dataclass(frozen=True)
class RestrictToBox(_OfChannels):
    """Keep the channels inside ``box``; outside of it they are 0."""

    box: Box

    def check(self, shape: Shape) -> None:
        super().check(shape)
        self.box.check(*shape[1:])

    def apply(self, activation: Tensor) -> None:
        rows, columns = activation.shape[1:]
        inside = np.zeros((rows, columns), np.bool_)
        inside[self.box.top : self.box.bottom, self.box.left : self.box.right] = True
        _keep(activation, self._index, inside)


@dataclass(frozen=True, eq=False)
class RestrictToMask(_OfChannels):
    """Keep the channels where ``mask``, bool (h, w), is true; elsewhere they are 0."""

    mask: BoolArray

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "mask", read_only(self.mask, np.bool_))
        if not self.mask.any():
            raise BadRequest("The region is empty; mark at least one cell.")

    def check(self, shape: Shape) -> None:
        super().check(shape)
        if self.mask.shape != shape[1:]:
            raise BadRequest(
                f"The region has shape {self.mask.shape}; this block's grid has {shape[1:]}."
            )

    def apply(self, activation: Tensor) -> None:
        _keep(activation, self._index, self.mask)


def _keep(activation: Tensor, index: list[int], inside: BoolArray) -> None:
    kept = torch.tensor(inside, device=activation.device)
    # Not a product: 0 times a value that is not finite is no 0.
    activation[index] = torch.where(kept, activation[index], activation.new_zeros(()))


# --- Edits along a direction ------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _AlongDirection(ChannelEdit):
    """An edit along ``direction`` (C,), of any length but 0; it is used at unit length."""

    direction: NDArray[np.float64]

    def __post_init__(self) -> None:
        direction = read_only(self.direction, np.float64)
        if direction.ndim != 1 or not np.isfinite(direction).all():
            raise BadRequest(
                f"The direction has shape {direction.shape}; give one finite number a channel."
            )
        if not direction.any():
            raise BadRequest("The direction is 0 in every channel; give one that is not.")
        object.__setattr__(self, "direction", direction)

    def check(self, shape: Shape) -> None:
        if len(self.direction) != shape[0]:
            raise BadRequest(
                f"The direction has {len(self.direction)} numbers; this block has {shape[0]} "
                "channels."
            )

    def _unit(self, activation: Tensor) -> Tensor:
        """(C, 1, 1), of the activation's kind."""
        unit = self.direction / np.linalg.norm(self.direction)
        return torch.from_numpy(unit).to(activation)[:, None, None]


@dataclass(frozen=True, eq=False)
class RemoveDirection(_AlongDirection):
    """Remove the component along the unit direction u at each position: a - u (u . a)."""

    def apply(self, activation: Tensor) -> None:
        unit = self._unit(activation)
        activation -= unit * (unit * activation).sum(0)


@dataclass(frozen=True, eq=False)
class AddDirection(_AlongDirection):
    """Add ``amount`` times the unit direction at each position; any finite amount."""

    amount: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not math.isfinite(self.amount):
            raise BadRequest(f"The amount is {self.amount}; give a finite number.")

    def apply(self, activation: Tensor) -> None:
        activation += self._unit(activation) * self.amount


# --- Groups of channels -----------------------------------------------------------------------

MOST_GROUPS = 32


@dataclass(frozen=True, eq=False)
class Group:
    """Channels that are active together in one image.

    ``channels``: those of which this group explains more than any other, by falling weight; may be
    empty.  ``direction``: how much of each channel the group has (C,), at least 0, of unit length.
    ``map``: where (h, w), at least 0, in the activation's units.
    """

    channels: tuple[int, ...]
    direction: NDArray[np.float64]
    map: FloatArray


@dataclass(frozen=True, eq=False)
class Grouping:
    """``groups``: by falling share of the activation.  ``explained``: 1 minus the share of the
    positive activation's squares that the groups together miss, in [0, 1]."""

    groups: tuple[Group, ...]
    explained: float


def channel_groups(activation: Tensor, count: int, seed: int = 0) -> Grouping:
    """Groups by non-negative matrix factorisation of the positive part of an activation.

    Collins et al., "Deep feature factorization for concept discovery", ECCV 2018: the activation
    (C, h w) is nearly a product of non-negative (C, count) and (count, h w).

    Args:
        activation: (C, h, w) of one image.
        count: of groups, from 1 to what the shape allows, at most :data:`MOST_GROUPS`.
        seed: the same seed gives the same groups.

    Raises:
        BadRequest: another count, or an activation that is nowhere above 0.
    """
    channels, rows, columns = activation.shape
    most = min(MOST_GROUPS, channels, rows * columns)
    if not 1 <= count <= most:
        raise BadRequest(f"The number of groups is {count}; give one from 1 to {most}.")
    positive = np.maximum(activation.double().cpu().numpy(), 0).reshape(channels, -1)
    if not positive.any():
        raise BadRequest("No channel is above 0 anywhere at this block; there is nothing to group.")
    model = NMF(count, init="nndsvd", tol=1e-4, max_iter=2000, random_state=seed)
    weights = model.fit_transform(positive)
    lengths = np.linalg.norm(weights, axis=0)
    # A group that found nothing is left out.
    kept = [int(g) for g in np.argsort(-lengths * np.linalg.norm(model.components_, axis=1))]
    kept = [g for g in kept if lengths[g] > 0 and model.components_[g].any()]
    parts = weights * np.linalg.norm(model.components_, axis=1)  # of the channels' own norms
    own = np.where(parts.any(1), parts.argmax(1), -1)
    groups = tuple(
        Group(
            tuple(int(k) for k in np.argsort(-parts[:, g], kind="stable") if own[k] == g),
            read_only(weights[:, g] / lengths[g], np.float64),
            read_only((model.components_[g] * lengths[g]).reshape(rows, columns)),
        )
        for g in kept
    )
    missed = ((positive - weights @ model.components_) ** 2).sum() / (positive**2).sum()
    return Grouping(groups, float(max(0.0, 1 - missed)))


def _finite(array: FloatArray, what: str) -> FloatArray:
    found: FloatArray = read_only(array)
    if not np.isfinite(found).all():
        raise BadRequest(f"{what} has values that are not finite; give finite numbers.")
    return found

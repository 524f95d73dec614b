"""What a class activation mapping method is: what it may ask for, its options, its answer.

All images here are tensors in the network's input space (normalised, (C, S, S), float32).
Blending an image with its blurred copy in this space equals blending in [0, 1] before the
normalisation, because that is affine; so one space suffices.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.store.native_maps import NativeMaps
from xai_core.store.scorebook import Scorebook
from xai_core.types import (
    PAPER_LEVELS,
    FloatArray,
    Heatmap,
    LevelResult,
    Report,
    check_levels,
)


class MaskOrder(enum.StrEnum):
    """When Score-CAM brings a channel to [0, 1]."""

    AFTER = "normalise-after-upsampling"
    BEFORE = "normalise-before-upsampling"


class MaskedPixel(enum.StrEnum):
    """What a pixel becomes where Score-CAM's mask is 0."""

    ZERO = "normalised-zero"  # 0 in input space: the training mean's grey
    BLACK = "black"  # 0 in [0, 1]
    BLUR = "blur"  # the baseline


@dataclass(frozen=True)
class CamOptions:
    """The choices a person can make; each method reads those it knows.

    ``levels``: Hybrid-CAM's area levels in percent, kept sorted and unique.
    ``channels``: Score-CAM uses the first n channels only; None means all.
    ``softmax``: Score-CAM's weights are a softmax over channels (the default), else the increase
    of the logit over the fully masked image.
    ``mask_align_corners``: how Score-CAM upsamples a mask; True only to agree with software that
    does so.  Maps are always upsampled with ``align_corners=False``.

    Raises:
        BadRequest: a level outside (0, 100], fewer than 1 channel, or an unknown convention.
    """

    levels: tuple[float, ...] = PAPER_LEVELS
    channels: int | None = None
    mask_order: MaskOrder = MaskOrder.AFTER
    masked_pixel: MaskedPixel = MaskedPixel.ZERO
    softmax: bool = True
    mask_align_corners: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", check_levels(self.levels))
        if self.channels is not None and self.channels < 1:
            raise BadRequest(f"channels is {self.channels}; give at least 1, or none for all.")
        kinds: tuple[tuple[str, type[enum.StrEnum]], ...] = (
            ("mask_order", MaskOrder),
            ("masked_pixel", MaskedPixel),
        )
        for name, kind in kinds:
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, kind(value))
            except ValueError:
                allowed = ", ".join(kind)
                raise BadRequest(f"{name} is {value!r}; allowed are {allowed}.") from None


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything a method may ask for about one image at one layer.

    ``x``, ``baseline``, ``black``: (C, S, S), input space: the image, the image blurred, and a
    black image.  ``activate``: gives the layer's output for ``x``, (K, h, w), without a graph;
    called where a method needs it, since a map that is remembered needs no pass of the network.
    ``gradient``: class -> (K, h, w), the class logit's gradient with respect to that output.
    ``book``: scores perturbed images and remembers them; belongs to this image, this baseline
    and these weights.  ``native``: remembers maps of this image, these weights and this layer.
    """

    layer: str
    x: Tensor
    baseline: Tensor
    black: Tensor
    activate: Callable[[], Tensor]
    gradient: Callable[[int], Tensor]
    book: Scorebook
    native: NativeMaps = field(default_factory=NativeMaps)

    @property
    def activation(self) -> Tensor:
        """(K, h, w), the layer's output for ``x``."""
        return self.activate()

    @property
    def size(self) -> int:
        """S, the side of the network's input in pixels."""
        return int(self.x.shape[-1])


@dataclass(frozen=True, eq=False)
class CamResult:
    """A method's answer.

    ``levels``: Hybrid-CAM's levels, empty for other methods.  ``forward_passes``: distinct
    perturbed images the answer rests on, remembered or not, so that it does not depend on what was
    asked before (``Scorebook.forwards`` counts what was really spent).  ``extras``: small named
    arrays (``channel_weights`` (K,), ``channel_logits`` (n, classes)); none where the map itself
    was remembered.
    """

    heatmap: Heatmap
    forward_passes: int = 0
    levels: tuple[LevelResult, ...] = ()
    extras: Mapping[str, FloatArray] = field(default_factory=dict)


class CamMethod(Protocol):
    """A class activation mapping method: one file, one line in ``METHODS``."""

    @property
    def name(self) -> str:
        """The key in requests and files, lower case with hyphens: ``"grad-cam"``."""

    @property
    def title(self) -> str:
        """The name as papers print it: ``"Grad-CAM"``."""

    @property
    def unit(self) -> str:
        """What ``Heatmap.scale`` counts, in words fit for a colour bar."""

    def conventions(self, options: CamOptions) -> dict[str, str]:
        """Every convention this method follows under ``options``, by name: for the manifest."""

    def compute(
        self, evidence: Evidence, target: int, options: CamOptions, report: Report
    ) -> CamResult:
        """The map of class ``target``.

        ``report(done, total, partial)`` is called after each chunk of forward passes; ``partial``
        is the :class:`~xai_core.types.Heatmap` so far, or None where there is none yet.

        Raises:
            ModelError: activations, gradients or logits that are not finite.
            Cancelled: raised by ``report``; images scored before are remembered in the book.
        """

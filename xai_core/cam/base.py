"""What a CAM method is: what it may ask for, what it says of itself, what it answers.

All images here are tensors in the network's input space (normalised, (C, S, S), float32).
Blending an image with its blurred copy in this space equals blending in [0, 1] before the
normalisation, because that is affine; so one space suffices.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from torch import Tensor

from xai_core.cam.options import CamOptions
from xai_core.scoring.logit_cache import LogitCache
from xai_core.scoring.map_cache import RawMapCache
from xai_core.types import FloatArray, Heatmap, LevelResult, Report

Options = TypeVar("Options", bound=CamOptions)


class Need(enum.StrEnum):
    """What a method computes its map from."""

    ACTIVATIONS = "the layer's activations"
    GRADIENT = "the gradient of the class's logit"
    SCORER = "the model's scores of changed images"


@dataclass(frozen=True, eq=False)
class LayerInputs:
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
    logit_cache: LogitCache
    native: RawMapCache = field(default_factory=RawMapCache)

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

    ``levels``: the area levels the map is made of, empty for methods without.  ``known``: further
    levels whose gains are remembered, so that choosing them costs nothing.  ``forward_passes``:
    distinct perturbed images the answer rests on, remembered or not, so that it does not depend on
    what was asked before (``LogitCache.forwards`` counts what was really spent).  ``extras``: small
    named arrays (``channel_weights`` (K,), ``channel_logits`` (n, classes)); none where the map
    itself was remembered.
    """

    heatmap: Heatmap
    forward_passes: int = 0
    levels: tuple[LevelResult, ...] = ()
    known: tuple[LevelResult, ...] = ()
    extras: Mapping[str, FloatArray] = field(default_factory=dict)


class CamMethod(abc.ABC, Generic[Options]):
    """A class activation mapping method.

    Its type parameter is the dataclass of its options.  One file in this folder that defines a
    subclass is all there is to add: pages, help, tables, figures, the address and the command line
    read the attributes below.  See ``docs/how_to/add_a_cam_method.md``.

    Attributes:
        name: the key in requests and files, lower case with hyphens: ``"grad-cam"``.
        title: the name as papers print it: ``"Grad-CAM"``.
        description: what it does, in one sentence for somebody new to it.
        reference: the paper.
        unit: what ``Heatmap.scale`` counts, in words fit for a colour bar.
        needs: what the map is computed from.
        options: the dataclass of its options, see :mod:`xai_core.cam.options`.
        order: its place in lists, ascending; methods of one place go by name.
        class_specific: whether another class gives another map.
        uses_levels: whether the answer is made of area levels (``CamResult.levels``); before they
            are scored there is no map to draw.
        note: what a reader must know with every map of this method, a sentence; mostly empty.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    reference: ClassVar[str]
    unit: ClassVar[str]
    needs: ClassVar[frozenset[Need]]
    options: ClassVar[type[CamOptions]] = CamOptions
    order: ClassVar[int] = 100
    class_specific: ClassVar[bool] = True
    uses_levels: ClassVar[bool] = False
    note: ClassVar[str] = ""

    @abc.abstractmethod
    def conventions(self, options: Options) -> dict[str, str]:
        """Every convention this method follows under ``options``, by name: for the manifest."""

    @abc.abstractmethod
    def compute(
        self, layer_inputs: LayerInputs, target: int, options: Options, report: Report
    ) -> CamResult:
        """The map of class ``target``.

        ``options`` is an instance of the class's own ``options``.  ``report(done, total,
        partial)`` is called after each chunk of forward passes; ``partial`` is the
        :class:`~xai_core.types.Heatmap` so far, or None where there is none yet.

        Raises:
            ModelError: activations, gradients or logits that are not finite.
            Cancelled: raised by ``report``; images scored before are remembered in the book.
        """

    def forward_passes(self, channels: int, options: Options) -> int:  # noqa: ARG002
        """Images scored at most at a layer of so many channels, beyond the prediction."""
        return 0

    def option_words(self, options: Options) -> str:  # noqa: ARG002
        """The options that belong to the map's name, in words; empty where there are none."""
        return ""

    def exact_options(self, options: Options) -> Options | None:  # noqa: ARG002
        """The options of the exact map that a faster one stands in for; None for an exact one."""
        return None

    def remembered(
        self, layer_inputs: LayerInputs, target: int, options: Options  # noqa: ARG002
    ) -> Heatmap | None:  # fmt: skip
        """The map where it was made before, else None; costs no pass of the network."""
        return None

    def precomputed_options(self, options: Options) -> tuple[Options, ...]:  # noqa: ARG002
        """Further options that are worth scoring ahead of time beside ``options``."""
        return ()

"""The interface of a CAM method: its inputs, its description and its result.

All images here are tensors in the network's input space (normalised, (C, S, S), float32).
Blending an image with its blurred copy in this space equals blending in [0, 1] before the
normalisation, because the normalisation is affine; so all methods work in this one space.
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
    """An input that a method computes its map from."""

    ACTIVATIONS = "the layer's activations"
    GRADIENT = "the gradient of the class's score"
    SCORER = "the model's scores of changed images"


@dataclass(frozen=True, eq=False)
class LayerInputs:
    """Everything a method may use of one image at one layer.

    ``x``, ``baseline``, ``black``: (C, S, S), input space: the image, the blurred image, and a
    black image.  ``activate``: computes the layer's output for ``x``, (K, h, w), without a graph;
    called only on demand, since a cached map needs no pass of the network.  ``gradient``: class ->
    (K, h, w), the gradient of the class's logit with respect to that output.  ``classes``: how many
    the model has.  ``tail``: the part of the network after the layer, (B, K, h, w) -> logits
    (B, classes).  ``logit_cache``: scores perturbed images and caches their logits; belongs to this
    image, this baseline and these weights.  ``raw_maps``: the cache of raw maps of this image,
    these weights and this layer.
    """

    layer: str
    x: Tensor
    baseline: Tensor
    black: Tensor
    activate: Callable[[], Tensor]
    gradient: Callable[[int], Tensor]
    classes: int
    tail: Callable[[Tensor], Tensor]
    logit_cache: LogitCache
    raw_maps: RawMapCache = field(default_factory=RawMapCache)

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
    """The result of a method.

    ``levels``: the area levels the map is made of; empty for methods that have none.  ``known``:
    further levels whose gains are in the cache, so that choosing them needs no forward pass.
    ``forward_passes``: number of distinct perturbed images the map depends on, cached or not, so
    that it does not depend on earlier requests (``LogitCache.forwards`` counts the passes really
    run).  ``extras``: small named arrays (``channel_weights`` (K,), ``channel_logits``
    (n, classes)); empty where the map itself came from the cache.
    """

    heatmap: Heatmap
    forward_passes: int = 0
    levels: tuple[LevelResult, ...] = ()
    known: tuple[LevelResult, ...] = ()
    extras: Mapping[str, FloatArray] = field(default_factory=dict)


class CamMethod(abc.ABC, Generic[Options]):
    """A class activation mapping method.

    The type parameter is the dataclass of its options.  To add a method, add one file with a
    subclass to this folder: pages, help, tables, figures, the address and the command line read the
    attributes below.  See ``docs/how_to/add_a_cam_method.md``.

    Attributes:
        name: the key in requests and files, lower case with hyphens: ``"grad-cam"``.
        title: the name as papers print it: ``"Grad-CAM"``.
        description: one or two sentences on what it does, for a reader who is new to it.
        reference: the paper.
        unit: the unit of ``Heatmap.scale``, as the label of a colour bar.
        needs: the inputs that the map is computed from.
        options: the dataclass of its options, see :mod:`xai_core.cam.options`.
        order: its position in lists, ascending; equal numbers are ordered by name.
        class_specific: whether the map depends on the class.
        uses_levels: whether the map is made of area levels (``CamResult.levels``); before they are
            scored there is no map to draw.
        note: a caveat shown with every map of this method, one sentence; usually empty.
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
        """Every convention this method follows under ``options``, by name, for the manifest."""

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
            Cancelled: raised by ``report``; images scored before stay in the logit cache.
        """

    def forward_passes(self, channels: int, options: Options) -> int:  # noqa: ARG002
        """The maximum number of images scored at a layer with ``channels`` channels, without the
        prediction."""
        return 0

    def option_words(self, options: Options) -> str:  # noqa: ARG002
        """The options that are part of the map's name, in words; empty where there are none."""
        return ""

    def exact_options(self, options: Options) -> Options | None:  # noqa: ARG002
        """The options of the exact map that a map with ``options`` approximates; None where
        ``options`` give the exact map."""
        return None

    def cached_map(
        self, layer_inputs: LayerInputs, target: int, options: Options  # noqa: ARG002
    ) -> Heatmap | None:  # fmt: skip
        """The map if it is in the cache, else None; runs no pass of the network."""
        return None

    def precomputed_options(self, options: Options) -> tuple[Options, ...]:  # noqa: ARG002
        """Further options to score ahead of time together with ``options``."""
        return ()

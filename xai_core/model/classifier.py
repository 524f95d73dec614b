"""The classifier: logits, activations and gradients, without hooks and without ``.backward()``.

Hooks on a shared model crash or mix up maps as soon as two threads use it.  Here the network is cut
in two at an explained layer: the head part gives the activation, the tail part maps an activation
to logits, and ``torch.autograd.grad`` differentiates the tail alone, which also costs half as much.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from xai_core.errors import BadRequest, ModelError
from xai_core.model.engine import choose
from xai_core.model.engine.base import EagerScorer
from xai_core.model.engine.engine import Engine
from xai_core.model.layers import Layer, explainable_layers, find_layer
from xai_core.model.spec import ModelSpec
from xai_core.model.weights import load
from xai_core.preprocessing.letterbox import Geometry, fit, letterbox
from xai_core.types import FloatArray, Prediction, read_only


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case's low-energy image on the network's grid.

    ``grey``: float32 (S, S) in [0, 1].  ``geometry``: the mapping between case and network pixels.
    """

    grey: FloatArray
    geometry: Geometry


class Classifier:
    """A loaded network and its specification.  Every method is safe to call from any thread.

    Attributes:
        layers: the layers that can be explained, in the network's order.
    """

    def __init__(
        self, spec: ModelSpec, network: nn.Module, device: torch.device, chunk: int = 8
    ) -> None:
        self.spec, self.device = spec, device
        self.chunk = chunk  # images per forward pass
        self.layers = explainable_layers(network, spec.input_size)
        # Any: timm's networks have methods that the type nn.Module does not declare.
        self._network = cast(Any, network)
        self._network.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
        self.engine = Engine(EagerScorer(network, device))
        self._preparation: threading.Thread | None = None
        self._preparation_lock = threading.Lock()  # guards the field below
        # The arguments of accelerate() until its preparation begins; ``after`` counts down.
        self._postponed: tuple[str, Path | None, int] | None = None
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(spec.mean, device=device).view(shape)
        self._std = torch.tensor(spec.std, device=device).view(shape)

    @classmethod
    def open(
        cls, weights: Path, device: str = "auto", chunk: int = 8,
        threshold: float | None = None, set_by: str = "XAI_THRESHOLD",
    ) -> Classifier:  # fmt: skip
        """Load a weights file onto a device ("cpu", "cuda" or "auto"); ``chunk`` images a pass.

        ``threshold``: another operating point than the file's, that ``set_by`` asked for.

        Raises:
            WeightsNotFound, BadWeights: see :func:`xai_core.model.weights.load`.
            BadRequest: see :meth:`xai_core.model.spec.ModelSpec.with_threshold`.
            ModelError: "cuda" was asked for and there is none.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise ModelError("XAI_DEVICE is cuda, but torch finds no CUDA device; use cpu or auto.")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        spec, network = load(weights)
        spec = spec.with_threshold(threshold, set_by)
        return cls(spec, network, torch.device(device), chunk)

    def separate(self) -> Classifier:
        """The same classifier with a network of its own, which may be edited, see
        :mod:`xai_core.model.edits`; PyTorch scores."""
        return Classifier(self.spec, copy.deepcopy(self._network), self.device, self.chunk)

    @property
    def network(self) -> nn.Module:
        """The network itself, in evaluation mode."""
        network: nn.Module = self._network
        return network

    def accelerate(self, wanted: str, store: Path | None, after: int = 0) -> None:
        """Prepare a faster engine in the background; until it is ready PyTorch scores.

        ``wanted``: the setting XAI_ENGINE (see ``engine/choose.py``).  ``store``: the folder
        where the converted network is kept; None keeps nothing.  ``after``: begin only after this
        many images were scored, so that a short command does not prepare what it will not use.
        Failures are reported in ``engine.status``, never raised.

        Raises:
            BadSetting: there is no engine called ``wanted``.
        """
        choose.check_name(wanted)
        with self._preparation_lock:
            self._postponed = wanted, store, after
        self._begin_preparation(0)

    def _begin_preparation(self, images: int) -> None:
        """Count ``images`` scored, and begin the postponed preparation once enough were scored."""
        with self._preparation_lock:
            if self._postponed is None:
                return
            wanted, store, left = self._postponed
            self._postponed = wanted, store, left - images
            if left > images:
                return
            self._postponed = None
            self._preparation = choose.start(self.engine, self._network, self.spec, wanted, store)

    def wait_for_engine(self) -> None:
        """Wait until a preparation that has begun ends, successfully or not."""
        if self._preparation is not None:
            self._preparation.join()

    def prepare(self, image: FloatArray) -> Prepared:
        """Crop a case's empty margins and letterbox it: float32 (H, W) in [0, 1] to the square."""
        geometry = fit(image, self.spec.input_size)
        return Prepared(read_only(letterbox(image, geometry)), geometry)

    def normalise(self, grey: FloatArray) -> Tensor:
        """Grey pictures (..., S, S) in [0, 1] to network inputs (B, 3, S, S)."""
        size = grey.shape[-1]
        x = torch.tensor(np.ascontiguousarray(grey), device=self.device).view(-1, 1, size, size)
        return (x.expand(-1, 3, -1, -1) - self._mean) / self._std

    def score(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of network inputs (B, 3, S, S), by the engine in use.

        Raises:
            ModelError: there is not enough memory for a single image.
        """
        self._begin_preparation(len(inputs))
        return self.engine.score(inputs)

    def predict(self, prepared: Prepared) -> Prediction:
        """The logits of one prepared case.

        Raises:
            ModelError: a logit is not a finite number.
        """
        (logits,) = self.score(self.normalise(prepared.grey)).double().cpu()
        if not torch.isfinite(logits).all():
            raise ModelError("The network's answer is not a number; its weights are unusable.")
        return Prediction(tuple(logits.tolist()))

    def layer(self, name: str) -> Layer:
        """The layer that ``name`` names, see :func:`xai_core.model.layers.find_layer`.

        Raises:
            BadRequest: the network has no such layer, or it cannot be explained.
        """
        return find_layer(self.layers, name)

    def activation(self, inputs: Tensor, layer: str) -> Tensor:
        """Activations (B, K, h, w) at ``layer`` of inputs (B, 3, S, S): the head part.

        Raises:
            BadRequest: see :meth:`layer`.
        """
        stage = self.layer(layer).stage
        with torch.inference_mode():
            x = self._network.stem(inputs.to(self.device, memory_format=torch.channels_last))
            for block in self._network.stages[: stage + 1]:
                x = block(x)
        out: Tensor = x.clone()  # a normal tensor: autograd refuses those of inference mode
        return out

    def tail(self, layer: str) -> Callable[[Tensor], Tensor]:
        """The part after ``layer``: activations (B, K, h, w) to logits (B, classes), with a graph.

        Raises:
            BadRequest: see :meth:`layer`.
        """
        stage = self.layer(layer).stage

        def run(activation: Tensor) -> Tensor:
            x = activation
            for block in self._network.stages[stage + 1 :]:
                x = block(x)
            logits: Tensor = self._network.forward_head(self._network.norm_pre(x))
            return logits

        return run

    def gradient(self, activation: Tensor, layer: str, target: int) -> Tensor:
        """d logit[target] / d activation, (B, K, h, w), of activations (B, K, h, w).

        Raises:
            BadRequest: the model has no such class, or see :meth:`layer`.
        """
        names = self.spec.class_names
        if target not in range(len(names)):
            allowed = " and ".join(f"{i} ({name})" for i, name in enumerate(names))
            raise BadRequest(f"The class is {target!r}; allowed are {allowed}.")
        with torch.enable_grad():
            a = activation.detach().clone().requires_grad_(True)
            total = self.tail(layer)(a)[:, target].sum()
            (gradient,) = torch.autograd.grad(total, a)
        return gradient.detach()

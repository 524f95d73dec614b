"""The image context: network inputs, activations and caches that requests on one image share."""

from __future__ import annotations

import threading
from functools import cached_property

import numpy as np
from torch import Tensor

from xai_core.cam.base import LayerInputs
from xai_core.explain.identity import model_digest
from xai_core.faithfulness.baseline import blurred
from xai_core.model.classifier import Classifier, Prepared
from xai_core.preprocessing.breast import breast_mask
from xai_core.scoring.cache_file import StoreKey
from xai_core.scoring.disk_store import DiskStore
from xai_core.scoring.logit_cache import INTACT, LogitCache
from xai_core.scoring.map_cache import RawMapCache
from xai_core.types import BoolArray, Prediction


class ImageContext:
    """Network inputs, activations, logit cache and raw-map caches of one image.

    ``image_digest``: see :func:`xai_core.preprocessing.identity.pixels_sha256`.  The keys in the
    store are derived from it and not from the network's input: resampling differs between
    processors in the last bit, and scores computed on another machine would never be found.
    """

    def __init__(
        self, classifier: Classifier, prepared: Prepared, store: DiskStore | None, image_digest: str
    ) -> None:
        self.classifier, self.prepared = classifier, prepared
        self.image_digest = image_digest
        self.weights_digest = classifier.spec.sha256
        self._store = store
        self._model = model_digest(classifier.spec)
        classes = len(classifier.spec.class_names)
        self._key = StoreKey(image_digest, self._model, "logits", classes)
        self.logit_cache = LogitCache(
            classifier.score, classifier.chunk, known=store.load(self._key) if store else None
        )
        self._lock = threading.Lock()
        self._x: Tensor | None = None
        self._baseline: Tensor | None = None
        self._activations: dict[str, Tensor] = {}
        self._raw_maps: dict[str, RawMapCache] = {}

    @property
    def x(self) -> Tensor:
        """The image in input space, (3, S, S)."""
        if self._x is None:
            self._x = self.classifier.normalise(self.prepared.grey)[0]
        return self._x

    @property
    def baseline(self) -> Tensor:
        """The blurred image in input space, (3, S, S)."""
        if self._baseline is None:
            self._baseline = self.classifier.normalise(blurred(self.prepared.grey))[0]
        return self._baseline

    @cached_property
    def breast_mask(self) -> BoolArray:
        """The breast's pixels on the network's grid, (S, S); none True where none is found."""
        return breast_mask(self.prepared.grey)

    @property
    def mean_grey(self) -> Tensor:
        """The image with the breast's pixels at their mean grey, in input space, (3, S, S); the
        mean over all pixels where no breast is found."""
        grey, mask = self.prepared.grey, self.breast_mask
        if not mask.any():
            mask = np.ones_like(mask)
        flat = np.where(mask, np.float32(grey[mask].mean(dtype=np.float64)), grey)
        return self.classifier.normalise(flat)[0]

    def prediction(self) -> Prediction:
        """The logits of the intact image; one forward pass, unless they are cached."""
        row = self.logit_cache.score([INTACT], lambda _: self.x[None])[0]
        return Prediction(tuple(row.tolist()))

    def layer_inputs(self, layer: str) -> LayerInputs:
        """The inputs of a CAM method at ``layer``.

        Raises:
            BadRequest: see :meth:`xai_core.model.classifier.Classifier.layer`.
        """
        layer = self.classifier.layer(layer).name  # the canonical name, which the keys contain
        return LayerInputs(
            layer=layer,
            x=self.x,
            baseline=self.baseline,
            black=self.classifier.normalise(np.zeros_like(self.prepared.grey))[0],
            activate=lambda: self._activation(layer),
            gradient=lambda c: self.classifier.gradient(self._activation(layer)[None], layer, c)[0],
            classes=len(self.classifier.spec.class_names),
            tail=self.classifier.tail(layer),
            logit_cache=self.logit_cache,
            raw_maps=self._maps(layer),
        )

    def _activation(self, layer: str) -> Tensor:
        with self._lock:
            if layer not in self._activations:
                self._activations[layer] = self.classifier.activation(self.x[None], layer)[0]
            return self._activations[layer]

    def _maps(self, layer: str) -> RawMapCache:
        with self._lock:
            if layer not in self._raw_maps:
                known = self._store.load(self._maps_key(layer)) if self._store else None
                self._raw_maps[layer] = RawMapCache(known)
            return self._raw_maps[layer]

    def _maps_key(self, layer: str) -> StoreKey:
        cells = self.classifier.layer(layer).side ** 2
        return StoreKey(self.image_digest, self._model, f"raw maps of {layer}", cells)

    def keep(self) -> None:
        """Write the logit cache and the raw-map caches to the store."""
        if self._store is None:
            return
        self._store.save(self._key, self.logit_cache.items())
        with self._lock:
            raw_maps = dict(self._raw_maps)
        for layer, maps in raw_maps.items():
            self._store.save(self._maps_key(layer), maps.rows())

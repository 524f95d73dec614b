"""Computation of an explanation: case -> prepared image -> prediction -> map -> curves -> metrics.

The command line, the batch evaluation and the dashboard's worker all use this one implementation.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
from cachetools import LRUCache

from xai_core.cam import METHODS
from xai_core.cam.normalise import empty
from xai_core.explain.explanation import Explanation, Progress, Watch, ignore_progress
from xai_core.explain.image_context import ImageContext
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness import curves as curve_modes
from xai_core.faithfulness.metric import MetricInputs
from xai_core.faithfulness.metrics import measure
from xai_core.faithfulness.patches import relevance
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.faithfulness.reliability import assess
from xai_core.findings import findings_of
from xai_core.model.classifier import Classifier
from xai_core.model.layers import Layer
from xai_core.preprocessing.identity import pixels_sha256
from xai_core.preprocessing.letterbox import letterbox_mask
from xai_core.scoring.disk_store import DiskStore
from xai_core.types import BoolArray, Case, FloatArray, MapState, MarkedFinding, Prediction

_CONTEXTS = 24  # cases whose activations stay in memory, about 8 MB each


class Explainer:
    """Computes explanations with one classifier, and caches what images share.  Thread-safe.

    Attributes:
        store: the disk store of scores and raw maps; None keeps them in memory only.
    """

    def __init__(self, classifier: Classifier, store: DiskStore | None = None) -> None:
        self.classifier = classifier
        self.store = store
        self._contexts: LRUCache[str, ImageContext] = LRUCache(_CONTEXTS)
        self._lock = threading.Lock()

    def context(self, case: Case) -> ImageContext:
        """The context of a case's image, cached for the cases used last."""
        digest = pixels_sha256(case.image)
        with self._lock:
            if digest in self._contexts:
                return self._contexts[digest]
        context = ImageContext(
            self.classifier, self.classifier.prepare(case.image), self.store, digest
        )
        with self._lock:
            return self._contexts.setdefault(digest, context)

    def predict(self, case: Case) -> Prediction:
        """The model's logits for a case; cached."""
        context = self.context(case)
        prediction = context.prediction()
        context.keep()
        return prediction

    def explain(
        self, case: Case, request: ExplainRequest, watch: Watch = ignore_progress
    ) -> Explanation:
        """Compute the explanation of ``case`` for ``request``; ``watch`` is called with every
        partial explanation.

        Raises:
            BadRequest: the network has no such layer, or the model no such class; raised before
                anything is computed.
            ModelError: the network returned a value that is not a finite number.
            Cancelled: raised by ``watch``; scores computed so far are kept.
        """
        layer = self.classifier.layer(request.layer)
        request.check_target(self.classifier.spec.class_names)
        context = self.context(case)
        before = context.logit_cache.forwards
        clock = _Clock()
        try:
            so_far = self._begin(context, case.id, request, layer)
            clock.stop("prediction")
            watch(Progress("prediction", 1, 1, so_far))
            so_far = self._map(context, case, so_far, watch)
            clock.stop("map")
            so_far = self._measure(context, case, so_far, watch)
            clock.stop("metrics")
            if request.curves != "none" and so_far.heatmap and so_far.heatmap.state.ranked:
                so_far = self._curves(context, so_far, watch)
                clock.stop("curves")
                so_far = self._measure(context, case, so_far, watch)
                clock.stop("metrics")
                if request.reliability:
                    so_far = self._reliability(context, so_far, watch)
                    clock.stop("reliability")
                    so_far = self._measure(context, case, so_far, watch)
                    clock.stop("metrics")
        finally:
            context.keep()
        return replace(
            so_far,
            seconds=clock.seconds,
            forwards=context.logit_cache.forwards - before,
            complete=True,
        )

    def _begin(
        self, context: ImageContext, case_id: str, request: ExplainRequest, layer: Layer
    ) -> Explanation:
        prediction = context.prediction()
        spec = self.classifier.spec
        return Explanation(
            case_id=case_id,
            request=request,
            layer=layer,
            prepared=context.prepared,
            prediction=prediction,
            threshold=spec.threshold,
            target=request.target_class(
                prediction, spec.threshold, spec.class_names, spec.positive
            ),
            image_digest=context.image_digest,
            weights_digest=context.weights_digest,
            conventions=METHODS[request.method].conventions(request.cam_options())
            | curve_modes.conventions(
                request.curves,
                spec.input_size,
                ties=request.ties,
                reliability=request.canonical().reliability,
            ),
            class_names=spec.class_names,
            positive=spec.positive,
        )

    def _map(
        self, context: ImageContext, case: Case, so_far: Explanation, watch: Watch
    ) -> Explanation:
        request, layer = so_far.request, so_far.layer
        if np.ptp(case.image) == 0:
            # The network would answer with the edges of the padding, which are no evidence.
            nothing = np.zeros((layer.side, layer.side), np.float32)
            size = self.classifier.spec.input_size
            return replace(so_far, heatmap=empty(nothing, size, MapState.CONSTANT_IMAGE))
        method, options = METHODS[request.method], request.cam_options()

        def report(done: int, total: int, partial: Any) -> None:
            watch(Progress("map", done, total, replace(so_far, heatmap=partial)))

        layer_inputs = context.layer_inputs(layer.name)
        result = method.compute(layer_inputs, so_far.target, options, report)
        return replace(
            so_far,
            heatmap=result.heatmap,
            levels=result.levels,
            known_levels=result.known,
            map_images=result.forward_passes,
        )

    def _curves(self, context: ImageContext, so_far: Explanation, watch: Watch) -> Explanation:
        assert so_far.heatmap is not None  # noqa: S101 - checked by the caller

        def report(done: int, total: int, partial: Any) -> None:
            watch(Progress("curves", done, total, replace(so_far, curves=partial)))

        watch(Progress("curves", 0, 1, so_far))  # names the stage while the first batch is scored
        probe = _probe(context, so_far)
        order = curve_modes.ORDERS[so_far.request.ties](relevance(so_far.heatmap.values))
        pair = curve_modes.MODES[so_far.request.curves](probe, order, report)
        return replace(so_far, curves=pair)

    def _reliability(self, context: ImageContext, so_far: Explanation, watch: Watch) -> Explanation:
        assert so_far.heatmap is not None  # noqa: S101 - checked by the caller

        def report(done: int, total: int, partial: Any) -> None:  # noqa: ARG001
            watch(Progress("reliability", done, total, so_far))

        found = assess(
            _probe(context, so_far),
            relevance(so_far.heatmap.values),
            context.mean_grey,
            report,
            measure=curve_modes.MODES[so_far.request.curves],
            orders_of=curve_modes.ORDERS[so_far.request.ties],
        )
        return replace(so_far, reliability=found)

    def _measure(
        self, context: ImageContext, case: Case, so_far: Explanation, watch: Watch
    ) -> Explanation:
        """Every registered metric whose inputs are available by now; see :class:`MetricInputs`."""
        assert so_far.heatmap is not None  # noqa: S101 - the map is complete
        request, mask = so_far.request, case.lesion_mask
        method = METHODS[request.method]
        exact_options = method.exact_options(request.cam_options())

        def report(done: int, total: int, partial: Any) -> None:  # noqa: ARG001
            watch(Progress("metrics", done, total, so_far))

        def lesion_mask() -> BoolArray | None:
            return None if mask is None else letterbox_mask(mask, so_far.prepared.geometry)

        def findings() -> tuple[MarkedFinding, ...]:
            geometry = so_far.prepared.geometry
            return tuple(
                MarkedFinding(letterbox_mask(finding.mask, geometry), finding.kind)
                for finding in findings_of(case)
            )

        def exact_map() -> FloatArray | None:
            if exact_options is None:
                return None
            layer_inputs = context.layer_inputs(so_far.layer.name)
            exact = method.cached_map(layer_inputs, so_far.target, exact_options)
            return None if exact is None else exact.values

        inputs = MetricInputs(
            values=so_far.heatmap.values,
            state=so_far.heatmap.state,
            curves=so_far.curves,
            orders=so_far.reliability,
            find_lesion_mask=lesion_mask,
            find_findings=findings,
            find_breast_mask=lambda: context.breast_mask,
            find_probe=None if so_far.curves is None else lambda: _probe(context, so_far),
            approximate=exact_options is not None,
            find_exact_map=exact_map,
            report=report,
        )
        return replace(so_far, metrics=measure(inputs, so_far.metrics))


def _probe(context: ImageContext, so_far: Explanation) -> PerturbationProbe:
    return PerturbationProbe(context.x, context.baseline, so_far.target, context.logit_cache)


class _Clock:
    """Seconds spent per stage; the time since the last :meth:`stop` is added to the given stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + now - self._last, 4)
        self._last = now

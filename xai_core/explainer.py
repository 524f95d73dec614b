"""The way of one request: case -> prepared image -> prediction -> map -> curves.

The command line, the batch evaluation and the dashboard's worker all go this way.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from cachetools import LRUCache

from xai_core.cam import METHODS, CamOptions
from xai_core.cam.score_cam import ScoreCam
from xai_core.context import Context
from xai_core.explanation import Explanation, Progress, Watch, watch_nothing
from xai_core.faithfulness import curves as curve_modes
from xai_core.faithfulness.agreement import agreement
from xai_core.faithfulness.patches import descending, relevance
from xai_core.faithfulness.perturbation import Subject
from xai_core.faithfulness.reliability import assess
from xai_core.model.classifier import Classifier
from xai_core.preprocessing.identity import pixels_sha256
from xai_core.request import ExplainRequest
from xai_core.store.books import BookStore
from xai_core.types import Case, MapState, Prediction

_CONTEXTS = 24  # cases whose activations stay in memory, about 8 MB each


class Explainer:
    """A classifier, a memory, and the way from a case to its explanation.  Thread-safe.

    Attributes:
        store: where scores are kept; None keeps them in memory only.
    """

    def __init__(self, classifier: Classifier, store: BookStore | None = None) -> None:
        self.classifier = classifier
        self.store = store
        self._contexts: LRUCache[str, Context] = LRUCache(_CONTEXTS)
        self._lock = threading.Lock()

    def context(self, case: Case) -> Context:
        """The shared state of a case's pixels, kept for the cases used last."""
        digest = pixels_sha256(case.image)
        with self._lock:
            if digest in self._contexts:
                return self._contexts[digest]
        made = Context(self.classifier, self.classifier.prepare(case.image), self.store, digest)
        with self._lock:
            return self._contexts.setdefault(digest, made)

    def predict(self, case: Case) -> Prediction:
        """The model's logits for a case, remembered."""
        context = self.context(case)
        prediction = context.prediction()
        context.keep()
        return prediction

    def explain(
        self, case: Case, request: ExplainRequest, watch: Watch = watch_nothing
    ) -> Explanation:
        """Answer ``request``; ``watch`` sees every partial answer.

        Raises:
            ModelError: the network gave something that is not a number.
            Cancelled: raised by ``watch``; what was scored is kept.
        """
        context = self.context(case)
        before = context.book.forwards
        clock = _Clock()
        try:
            so_far = self._begin(context, request)
            clock.stop("prediction")
            watch(Progress("prediction", 1, 1, so_far))
            so_far = self._map(context, so_far, watch)
            clock.stop("map")
            if request.curves != "none" and so_far.heatmap and so_far.heatmap.state is MapState.OK:
                so_far = self._curves(context, so_far, watch)
                clock.stop("curves")
                if request.reliability:
                    so_far = self._reliability(context, so_far, watch)
                    clock.stop("reliability")
        finally:
            context.keep()
        return replace(
            so_far,
            seconds=clock.seconds,
            forwards=context.book.forwards - before,
            complete=True,
        )

    def _begin(self, context: Context, request: ExplainRequest) -> Explanation:
        prediction = context.prediction()
        threshold = self.classifier.spec.threshold
        return Explanation(
            request=request,
            prepared=context.prepared,
            prediction=prediction,
            threshold=threshold,
            target=request.target_class(prediction, threshold),
            image_digest=context.image_digest,
            weights_digest=context.weights_digest,
            conventions=METHODS[request.method].conventions(request.options())
            | curve_modes.conventions(request.curves),
        )

    def _map(self, context: Context, so_far: Explanation, watch: Watch) -> Explanation:
        request = so_far.request

        def report(done: int, total: int, partial: Any) -> None:
            watch(Progress("map", done, total, replace(so_far, heatmap=partial)))

        evidence = context.evidence(request.layer)
        result = METHODS[request.method].compute(evidence, so_far.target, request.options(), report)
        exact = None
        if request.method == "score-cam" and request.channels is not None:
            exact = ScoreCam().remembered(evidence, so_far.target, CamOptions())
        return replace(
            so_far,
            heatmap=result.heatmap,
            levels=result.levels,
            known_levels=result.known,
            map_images=result.forward_passes,
            agreement=agreement(result.heatmap.values, exact.values) if exact else None,
        )

    def _curves(self, context: Context, so_far: Explanation, watch: Watch) -> Explanation:
        assert so_far.heatmap is not None  # noqa: S101 - the caller looked

        def report(done: int, total: int, partial: Any) -> None:
            watch(Progress("curves", done, total, replace(so_far, curves=partial)))

        subject = Subject(context.x, context.baseline, so_far.target, context.book)
        order = descending(relevance(so_far.heatmap.values))
        pair = curve_modes.MODES[so_far.request.curves](subject, order, report)
        return replace(so_far, curves=pair)

    def _reliability(self, context: Context, so_far: Explanation, watch: Watch) -> Explanation:
        assert so_far.heatmap is not None  # noqa: S101 - the caller looked

        def report(done: int, total: int, partial: Any) -> None:  # noqa: ARG001
            watch(Progress("reliability", done, total, so_far))

        subject = Subject(context.x, context.baseline, so_far.target, context.book)
        found = assess(
            subject,
            relevance(so_far.heatmap.values),
            report,
            measure=curve_modes.MODES[so_far.request.curves],
        )
        return replace(so_far, reliability=found)


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 4)
        self._last = now

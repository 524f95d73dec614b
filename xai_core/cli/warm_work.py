"""The work of ``warm``: every case by every method, layer and class, each image scored once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.cases.base import CaseSource
from xai_core.errors import BadRequest, CaseError
from xai_core.explainer import Explainer
from xai_core.model.classifier import Classifier
from xai_core.model.layers import find_layers
from xai_core.request import PREDICTED, ExplainRequest
from xai_core.study.predictions import predict_case
from xai_core.study.showcase import firsts
from xai_core.types import (
    CLASS_NAMES,
    Case,
    CaseRecord,
    MapState,
    Outcome,
    ProgressCallback,
)

TARGETS = ("predicted", "both")


@dataclass(frozen=True)
class Wanted:
    """What is scored of every case.

    ``layers``: as :func:`xai_core.model.layers.find_layer` reads them, none for all of the model's.
    ``targets``: "predicted" (the class the model decides for) or "both", all of the model's.

    Raises:
        BadRequest: an unknown method, mode of curves or targets, or no method.
    """

    methods: tuple[str, ...]
    layers: tuple[str, ...]
    curves: str
    targets: str = "predicted"

    def __post_init__(self) -> None:
        if not self.methods:
            raise BadRequest("Give at least one method with --methods.")
        if self.curves == "none":
            raise BadRequest("--curves is 'none'; allowed are adaptive and full.")
        if self.targets not in TARGETS:
            raise BadRequest(f"--targets is {self.targets!r}; allowed are {', '.join(TARGETS)}.")
        for method in self.methods:
            ExplainRequest(method, curves=self.curves)  # checks the names

    def of(self, classifier: Classifier) -> Wanted:
        """The same with the names of the layers of ``classifier``.

        Raises:
            BadRequest: it has not one of the layers.
        """
        found = find_layers(classifier.layers, self.layers)
        return dataclasses.replace(self, layers=tuple(layer.name for layer in found))

    def requests(self, class_names: Sequence[str] = CLASS_NAMES) -> list[ExplainRequest]:
        """One request per layer, method and class; ``class_names``: the model's."""
        targets = (PREDICTED,) if self.targets == PREDICTED else class_names
        return [
            ExplainRequest(method, layer, target, curves=self.curves)
            for layer in self.layers
            for method in self.methods
            for target in targets
        ]


class Work:
    """Fills the explainer's store.  Stopped at any moment, all that was scored is kept.

    Attributes:
        cases: cases that are done.
        maps: maps that are done.
        forwards: images scored now; those known before cost nothing.
        removed: kept results, scores or maps of an image, removed to stay within the store's limit.
        ended: whether all cases were dealt with.
        left_out: what was left out and why, a line each.
    """

    def __init__(self, explainer: Explainer, source: CaseSource, wanted: Wanted) -> None:
        """``explainer``: one with a store.  ``wanted``: made by :meth:`Wanted.of`."""
        self._explainer, self._source, self._wanted = explainer, source, wanted
        self.cases = self.maps = self.forwards = self.removed = 0
        self.ended = False
        self.left_out: list[str] = []

    def choose(
        self, records: Sequence[CaseRecord], each: int, advance: ProgressCallback
    ) -> tuple[CaseRecord, ...]:
        """Predict all of ``records``; return the first ``each`` cases of every outcome, in order.

        A case that cannot be read is left out, and has no outcome; neither has one whose pathology
        is not known.

        Raises:
            CaseError: no case has an outcome.
            BadRequest: what was scored cannot be kept.
            ModelError: the network gave something that is not a number.
        """
        outcomes: dict[str, Outcome] = {}
        for done, record in enumerate(records, start=1):
            try:
                row = predict_case(self._explainer, self._source.load(record.id))
            except CaseError as problem:
                self.left_out.append(f"{record.id}: {problem}")
                continue
            self._check_kept()
            if row.outcome is not None:
                outcomes[record.id] = row.outcome
            advance(done, len(records), record.id)
        if not outcomes:
            raise CaseError(
                f"No case of {self._source.name} can be read and has a known pathology, so there "
                "are no outcomes to choose by; leave out --showcase."
            )
        shown = firsts([record.id for record in records], outcomes, each)
        wanted = {key for keys in shown.values() for key in keys}
        return tuple(record for record in records if record.id in wanted)

    def do(self, records: Sequence[CaseRecord], advance: ProgressCallback) -> None:
        """Score the cases of ``records``, one after the other.

        Args:
            records: cases of the source.
            advance: called before each map with (maps dealt with, maps in all, case and method).

        Raises:
            BadRequest: what was scored cannot be kept, so that going on would be of no use.
            ModelError: the network gave something that is not a number.
        """
        names = self._explainer.classifier.spec.class_names
        per_case = len(self._wanted.requests(names))
        for i, record in enumerate(records):
            done, total = i * per_case, len(records) * per_case
            advance(done, total, record.id)
            try:
                case = self._source.load(record.id)
            except CaseError as problem:
                self.left_out.append(f"{record.id}: {problem}")
                continue
            for k, request in enumerate(self._wanted.requests(names)):
                advance(done + k, total, f"{record.id} {request.method}")
                answer = self._explainer.explain(case, request)
                self.forwards += answer.forwards
                self._check_kept()
                self._ahead(case, request)
                self.maps += 1
                if answer.heatmap and answer.heatmap.state is not MapState.OK:
                    self.left_out.append(
                        f"{record.id}, {answer.title} for {answer.target_name}: no curves "
                        f"({answer.heatmap.state})"
                    )
            self.cases += 1
        self.ended = True
        advance(len(records) * per_case, len(records) * per_case, "")

    def _ahead(self, case: Case, request: ExplainRequest) -> None:
        """What the method wants scored ahead of time, so that another choice is arithmetic."""
        for options in METHODS[request.method].precomputed_options(request.cam_options()):
            values = {one.name: getattr(options, one.name) for one in options.declared()}
            ahead = dataclasses.replace(request, curves="none").with_options(**values)
            self.forwards += self._explainer.explain(case, ahead).forwards

    def _check_kept(self) -> None:
        store = self._explainer.store
        if store is None:
            raise ValueError("there is no store to fill")
        self.removed = store.removed
        if store.problem:
            raise BadRequest(
                f"Stopped after {self.cases} cases: scores cannot be kept ({store.problem}); free "
                "some space or name another folder, and run the same command to go on."
            )

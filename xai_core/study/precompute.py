"""Every case by every method ahead of time, into the cache or a folder.

The work of ``precompute``: every case by every method, layer and class, each image scored once.

The folder that ``precompute --out`` writes: begun, gone on with, and its manifest at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.cam import METHODS
from xai_core.cases.base import CaseSource
from xai_core.cases.readers.single_file import plain_name
from xai_core.errors import BadRequest, CaseError
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import PREDICTED, ExplainRequest
from xai_core.files import MANIFEST, check_folder, read_json, writing
from xai_core.model.classifier import Classifier
from xai_core.model.layers import find_layers
from xai_core.scoring.cache_file import cache_files_in
from xai_core.scoring.precomputed import write_manifest
from xai_core.study.predictions import predict_case
from xai_core.study.selection import first_of_each_outcome
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
class PrecomputePlan:
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

    def of(self, classifier: Classifier) -> PrecomputePlan:
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


class PrecomputeRun:
    """Fills the explainer's store.  Stopped at any moment, all that was scored is kept.

    Attributes:
        cases: cases that are done.
        maps: maps that are done.
        forwards: images scored now; those known before cost nothing.
        removed: kept results, scores or maps of an image, removed to stay within the store's limit.
        ended: whether all cases were dealt with.
        left_out: what was left out and why, a line each.
    """

    def __init__(self, explainer: Explainer, source: CaseSource, wanted: PrecomputePlan) -> None:
        """``explainer``: one with a store.  ``wanted``: made by :meth:`PrecomputePlan.of`."""
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
        shown = first_of_each_outcome([record.id for record in records], outcomes, each)
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


# The verb's first name: a folder that was begun under it can be gone on with.
PRECOMPUTE_MADE_BY = "xai_core warm"


class PrecomputedFolder:
    """Precomputed results of one source, one model and one :class:`PrecomputePlan`.

    The books are written as they are scored; the manifest names them when the work ends or is
    stopped, so that a stopped folder may be used, and gone on with.
    """

    def __init__(
        self, out: Path, wanted: PrecomputePlan, source: CaseSource, weights: str, typed: str
    ) -> None:
        """``weights``: SHA-256 (hex).  ``typed``: see :func:`command`."""
        self._out, self._weights, self._command = out, weights, typed
        ids = "\n".join(record.id for record in source.records())
        self._request: dict[str, Any] = {
            "source": source.name,
            "cases": hashlib.sha256(ids.encode()).hexdigest(),
            "weights": weights,
            **json.loads(json.dumps(dataclasses.asdict(wanted))),
        }

    def begin(self, *, force: bool) -> None:
        """Take the folder, or go on in it; with ``force`` the books of another request go first.

        Raises:
            OutputExists: it holds something else, or the results of another request.
            BadRequest: it cannot be written.
        """
        check_folder(self._out, PRECOMPUTE_MADE_BY, self._request, _mine, force=force)
        if read_json(self._out / MANIFEST).get("request") != self._request:
            for logit_cache in cache_files_in(self._out):
                with writing(self._out):
                    logit_cache.unlink()
        # Before the work, so that a folder that cannot be written is known at once, and one left by
        # a process that was killed is known as ours.
        self._write({"complete": False})

    def finish(self, work: PrecomputeRun, in_all: int) -> None:
        """Write the manifest of what is there.  ``in_all``: cases that were wanted.

        Raises:
            BadRequest: the folder cannot be written.
        """
        self._write(
            {
                "complete": work.ended,
                "cases_done": work.cases,
                "cases_wanted": in_all,
                "left_out": work.left_out,
            }
        )

    def _write(self, about: dict[str, Any]) -> None:
        with writing(self._out):
            fields = {"made_by": PRECOMPUTE_MADE_BY, "request": self._request, **about}
            write_manifest(self._out, self._weights, self._command, fields)


def command(
    cases: str, wanted: PrecomputePlan, limit: int | None, showcase: int | None, out: Path
) -> str:
    """What to type for the same results.  A place outside the current folder is named by its last
    part alone: where things lie is nobody else's business."""
    return (
        f"python -m xai_core precompute {shlex.quote(_place(Path(cases)))} "
        f"--methods {','.join(wanted.methods)} --layers {','.join(wanted.layers)} "
        f"--curves {wanted.curves} --targets {wanted.targets}"
        + (f" --limit {limit}" if limit else "")
        + (f" --showcase {showcase}" if showcase else "")
        + f" --out {shlex.quote(_place(out))}"
    )


def _place(path: Path) -> str:
    inside = not path.is_absolute() and ".." not in path.parts
    return path.as_posix() if inside else plain_name(path.name)


def _mine(name: str) -> bool:
    return name == MANIFEST or re.fullmatch("[0-9a-f]{2}", name) is not None

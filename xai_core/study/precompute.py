"""The command ``precompute``: explanations of all cases, computed ahead of time.

Every case is explained by every method, at every layer and for every class of the plan, into the
disk store or, with ``--out``, into a folder of precomputed results with a manifest.
"""

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
from xai_core.explain.identity import decision_fields, model_digest, software
from xai_core.explain.request import PREDICTED, ExplainRequest
from xai_core.files import MANIFEST, read_json, writing
from xai_core.list_text import counted
from xai_core.model.classifier import Classifier
from xai_core.model.layers import find_layers
from xai_core.model.spec import ModelSpec
from xai_core.output import check_folder
from xai_core.scoring.cache_file import cache_files_in
from xai_core.scoring.precomputed import write_manifest
from xai_core.study.predictions import predict_case
from xai_core.study.selection import first_of_each_outcome
from xai_core.types import (
    CLASS_NAMES,
    TIES,
    Case,
    CaseRecord,
    Outcome,
    ProgressCallback,
)

# --- Plan and run -----------------------------------------------------------------------------

TARGETS = ("predicted", "both")


@dataclass(frozen=True)
class PrecomputePlan:
    """The explanations to compute of every case.

    ``layers``: texts for :func:`xai_core.model.layers.find_layer`; empty for all of the model's.
    ``targets``: "predicted" (the class the model predicts) or "both" (all of the model's classes).

    Raises:
        BadRequest: an unknown method, mode of curves, treatment of ties or targets, or no method.
    """

    methods: tuple[str, ...]
    layers: tuple[str, ...]
    curves: str
    targets: str = "predicted"
    ties: str = TIES[0]

    def __post_init__(self) -> None:
        if not self.methods:
            raise BadRequest("Give at least one method with --methods.")
        if self.curves == "none":
            raise BadRequest("--curves is 'none'; allowed are adaptive, fine and full.")
        if self.targets not in TARGETS:
            raise BadRequest(f"--targets is {self.targets!r}; allowed are {', '.join(TARGETS)}.")
        for method in self.methods:
            ExplainRequest(method, curves=self.curves, ties=self.ties)  # raises for unknown names

    def of(self, classifier: Classifier) -> PrecomputePlan:
        """The same plan with the layer names of ``classifier``.

        Raises:
            BadRequest: ``classifier`` does not have one of the layers.
        """
        found = find_layers(classifier.layers, self.layers)
        return dataclasses.replace(self, layers=tuple(layer.name for layer in found))

    def requests(self, class_names: Sequence[str] = CLASS_NAMES) -> list[ExplainRequest]:
        """One request per layer, method and class; ``class_names``: the model's classes."""
        targets = (PREDICTED,) if self.targets == PREDICTED else class_names
        return [
            ExplainRequest(method, layer, target, curves=self.curves, ties=self.ties)
            for layer in self.layers
            for method in self.methods
            for target in targets
        ]


class PrecomputeRun:
    """Fills the explainer's store.  It can be stopped at any time; what was scored is kept.

    Attributes:
        cases: number of finished cases.
        maps: number of finished maps.
        forwards: number of images scored in this run, without those found in the cache.
        removed: number of stored files removed to stay within the store's limit.
        ended: whether all cases were processed.
        left_out: what was left out and why, one line each.
    """

    def __init__(self, explainer: Explainer, source: CaseSource, plan: PrecomputePlan) -> None:
        """``explainer``: must have a store.  ``plan``: made by :meth:`PrecomputePlan.of`."""
        self._explainer, self._source, self._plan = explainer, source, plan
        self.cases = self.maps = self.forwards = self.removed = 0
        self.ended = False
        self.left_out: list[str] = []

    def choose(
        self, records: Sequence[CaseRecord], each: int, progress: ProgressCallback
    ) -> tuple[CaseRecord, ...]:
        """Predict all of ``records``; return the first ``each`` cases of every outcome, in order.

        Unreadable cases and cases without a known pathology have no outcome and are left out.

        Raises:
            CaseError: no case has an outcome.
            BadRequest: the scores cannot be stored.
            ModelError: the network returned a value that is not a finite number.
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
            progress(done, len(records), record.id)
        if not outcomes:
            raise CaseError(
                f"No case of {self._source.name} can be read and has a known pathology, so there "
                "are no outcomes to choose by; leave out --showcase."
            )
        by_outcome = first_of_each_outcome([record.id for record in records], outcomes, each)
        chosen = {key for keys in by_outcome.values() for key in keys}
        return tuple(record for record in records if record.id in chosen)

    def run(self, records: Sequence[CaseRecord], progress: ProgressCallback) -> None:
        """Explain the cases of ``records``, one after the other.

        Args:
            records: cases of the source.
            progress: called before each map with (maps done, maps in all, case and method).

        Raises:
            BadRequest: the scores cannot be stored.
            ModelError: the network returned a value that is not a finite number.
        """
        names = self._explainer.classifier.spec.class_names
        per_case = len(self._plan.requests(names))
        for i, record in enumerate(records):
            done, total = i * per_case, len(records) * per_case
            progress(done, total, record.id)
            try:
                case = self._source.load(record.id)
            except CaseError as problem:
                self.left_out.append(f"{record.id}: {problem}")
                continue
            for k, request in enumerate(self._plan.requests(names)):
                progress(done + k, total, f"{record.id} {request.method}")
                answer = self._explainer.explain(case, request)
                self.forwards += answer.forwards
                self._check_kept()
                self._explain_further_options(case, request)
                self.maps += 1
                if answer.heatmap and not answer.heatmap.state.ranked:
                    self.left_out.append(
                        f"{record.id}, {answer.title} for {answer.target_name}: no curves "
                        f"({answer.heatmap.state})"
                    )
            self.cases += 1
        self.ended = True
        progress(len(records) * per_case, len(records) * per_case, "")

    def _explain_further_options(self, case: Case, request: ExplainRequest) -> None:
        """Score the further options of the request's method, see
        :meth:`xai_core.cam.base.CamMethod.precomputed_options`."""
        for options in METHODS[request.method].precomputed_options(request.cam_options()):
            values = {one.name: getattr(options, one.name) for one in options.declared()}
            further = dataclasses.replace(request, curves="none").with_options(**values)
            self.forwards += self._explainer.explain(case, further).forwards

    def _check_kept(self) -> None:
        """Check that the store could write the last scores.

        Raises:
            BadRequest: it could not.
        """
        store = self._explainer.store
        if store is None:
            raise ValueError("there is no store to fill")
        self.removed = store.removed
        if store.problem:
            raise BadRequest(
                f"Stopped after {counted(self.cases, 'case', 'cases')}: scores cannot be "
                f"kept ({store.problem}); free some space or name another folder, and run the same "
                "command to go on."
            )


# --- The folder of --out ----------------------------------------------------------------------

# The command's first name, so that a folder begun under that name can be continued.
PRECOMPUTE_MADE_BY = "xai_core warm"


class PrecomputedFolder:
    """Precomputed results of one source, one model and one :class:`PrecomputePlan`.

    The logit caches are written as they are scored.  The manifest lists them when the run ends or
    is stopped, so that a stopped folder can be used, and continued later.
    """

    def __init__(
        self,
        out: Path,
        plan: PrecomputePlan,
        source: CaseSource,
        spec: ModelSpec,
        command_line: str,
    ) -> None:
        """``spec``: of the explainer's model.  ``command_line``: see :func:`command`."""
        self._out, self._model, self._command = out, model_digest(spec), command_line
        ids = "\n".join(record.id for record in source.records())
        self._request: dict[str, Any] = {
            "source": source.name,
            "cases": hashlib.sha256(ids.encode()).hexdigest(),
            **decision_fields(spec),
            **json.loads(json.dumps(dataclasses.asdict(plan))),
        }

    def begin(self, *, force: bool) -> None:
        """Begin or continue the folder; with ``force`` the results of another request are removed.

        Raises:
            OutputExists: it holds other files, or the results of another request.
            BadRequest: it cannot be written.
        """
        check_folder(self._out, PRECOMPUTE_MADE_BY, self._request, _is_own_file, force=force)
        if read_json(self._out / MANIFEST).get("request") != self._request:
            for path in cache_files_in(self._out):
                with writing(self._out):
                    path.unlink()
        # Before the run, so that a folder that cannot be written is reported at once, and one left
        # by a killed process is recognised.
        self._write({"complete": False})

    def finish(self, run: PrecomputeRun, cases_wanted: int) -> None:
        """Write the manifest of the results so far.  ``cases_wanted``: number of cases to process.

        Raises:
            BadRequest: the folder cannot be written.
        """
        self._write(
            {
                "complete": run.ended,
                "cases_done": run.cases,
                "cases_wanted": cases_wanted,
                "left_out": run.left_out,
            }
        )

    def _write(self, about: dict[str, Any]) -> None:
        with writing(self._out):
            fields = {"made_by": PRECOMPUTE_MADE_BY, "request": self._request, **about}
            fields["software"] = software()
            write_manifest(self._out, self._model, self._command, fields)


def command(
    cases: str, plan: PrecomputePlan, limit: int | None, showcase: int | None, out: Path,
    threshold: float | None = None,
) -> str:  # fmt: skip
    """The command line that gives the same results, for the manifest.  Of a path outside the
    current folder only the last part is given, so that no folder names are disclosed."""
    return (
        f"python -m xai_core precompute {shlex.quote(_place(Path(cases)))} "
        f"--methods {','.join(plan.methods)} --layers {','.join(plan.layers)} "
        f"--curves {plan.curves} --ties {plan.ties} --targets {plan.targets}"
        + (f" --limit {limit}" if limit else "")
        + (f" --showcase {showcase}" if showcase else "")
        + (f" --threshold {threshold}" if threshold else "")
        + f" --out {shlex.quote(_place(out))}"
    )


def _place(path: Path) -> str:
    inside = not path.is_absolute() and ".." not in path.parts
    return path.as_posix() if inside else plain_name(path.name)


def _is_own_file(name: str) -> bool:
    """Whether ``precompute`` writes a file or folder of this name."""
    return name == MANIFEST or re.fullmatch("[0-9a-f]{2}", name) is not None

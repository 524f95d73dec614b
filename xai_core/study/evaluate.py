"""Batch evaluation of every case, method and layer, which can be stopped and resumed.

``OUT/rows/`` holds one small Parquet file per case, written when the case is done; a resumed run
reads the existing files and computes the others.  ``OUT/run.json`` holds the request that the rows
belong to.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.cam import METHODS
from xai_core.cases.base import CaseSource
from xai_core.errors import BadRequest, CaseError, OutputExists
from xai_core.explain.explainer import Explainer
from xai_core.explain.identity import decision_fields, model_digest, software, software_line
from xai_core.explain.request import ExplainRequest
from xai_core.files import read_json, write_json, writing
from xai_core.model.classifier import Classifier
from xai_core.model.layers import find_layers
from xai_core.output import check_is_folder, shown_name
from xai_core.study.rows import Row, by_column, read_rows, write_rows
from xai_core.types import TIES, Case, CaseRecord, Outcome, ProgressCallback

MADE_BY = "xai_core evaluate"
RUN = "run.json"
ROWS = "rows"
MERGED = "rows.parquet"


@dataclass(frozen=True)
class Plan:
    """The methods, layers and curves to evaluate on every case, for the class the model predicts.

    ``curves``, ``ties``: see :class:`xai_core.explain.request.ExplainRequest`;
    ``baselines``: its ``reliability``.
    ``layers``: texts for :func:`xai_core.model.layers.find_layer`; empty for all of the model's.
    ``options``: the methods' options that differ from their defaults.

    Raises:
        BadRequest: an unknown method, mode of curves or treatment of ties, or no method.
    """

    methods: tuple[str, ...]
    layers: tuple[str, ...] = ()
    curves: str = "adaptive"
    ties: str = TIES[0]
    baselines: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if not self.methods or self.curves == "none":
            raise BadRequest(
                "An evaluation needs at least one method, and curves adaptive, fine or full."
            )
        for method in self.methods:
            # Raises for unknown names.
            ExplainRequest(method, curves=self.curves, ties=self.ties, options=self.options)

    def of(self, classifier: Classifier) -> Plan:
        """The same plan with the layer names of ``classifier``.

        Raises:
            BadRequest: ``classifier`` does not have one of the layers.
        """
        found = find_layers(classifier.layers, self.layers)
        return dataclasses.replace(self, layers=tuple(layer.name for layer in found))

    def requests(self) -> list[ExplainRequest]:
        """One request per layer and method, of a plan made by :meth:`of`."""
        return [
            ExplainRequest(
                method,
                layer,
                curves=self.curves,
                ties=self.ties,
                options=self.options,
                reliability=self.baselines,
            )
            for layer in self.layers
            for method in self.methods
        ]


def open_run(out: Path, plan: Plan, source: CaseSource, explainer: Explainer) -> None:
    """Begin a run in ``out``, or resume one with the same source, model and plan.

    Raises:
        OutputExists: ``out`` holds other files, or a run with other parameters.
        BadRequest: ``out`` cannot be written.
    """
    begin_run(out, MADE_BY, _identity(plan, source, explainer))


def begin_run(out: Path, made_by: str, asked: Mapping[str, Any]) -> None:
    """Begin a run of the verb ``made_by`` in ``out``, or resume the one that is there.

    ``asked``: everything that its rows depend on, as JSON values.

    Raises:
        OutputExists: ``out`` holds other files, or a run with other parameters.
        BadRequest: ``out`` cannot be written.
    """
    check_is_folder(out)
    if out.is_dir() and any(out.iterdir()):
        found = read_json(out / RUN)
        if found.get("made_by") != made_by:
            raise OutputExists(
                f"The folder {shown_name(out)} holds other files; give a new or an empty folder "
                "with --out."
            )
        before = found.get("request", {})
        other = [name for name, value in asked.items() if before.get(name) != value]
        if other:
            raise OutputExists(
                f"The folder {shown_name(out)} holds a run with another value of "
                f"{', '.join(other)}; give another folder with --out, or the parameters of that "
                "run to go on with it."
            )
        return
    with writing(out / RUN):
        run = {"made_by": made_by, "request": dict(asked), "software": software()}
        write_json(out / RUN, run)


def _identity(plan: Plan, source: CaseSource, explainer: Explainer) -> dict[str, Any]:
    """Everything that the rows of a run depend on; not the number of cases."""
    return {
        **source_and_model(source, explainer),
        "methods": list(plan.methods),
        "layers": list(plan.layers),
        "curves": plan.curves,
        "ties": plan.ties,
        "baselines": plan.baselines,
        "conventions": {
            request.method: METHODS[request.method].conventions(request.cam_options())
            for request in plan.requests()
        },
    }


def source_and_model(source: CaseSource, explainer: Explainer) -> dict[str, Any]:
    """The cases and the model of a run, as JSON values."""
    ids = "\n".join(record.id for record in source.records())
    return {
        "source": source.name,
        "cases": hashlib.sha256(ids.encode()).hexdigest(),
        **decision_fields(explainer.classifier.spec),
    }


def evaluate(
    explainer: Explainer,
    source: CaseSource,
    plan: Plan,
    out: Path,
    progress: ProgressCallback,
    limit: int | None = None,
) -> list[Row]:
    """Evaluate the first ``limit`` cases (None: all), write their rows and return them.

    ``progress``: called with (cases done, cases in all, id of the current case).

    A case evaluated before is only decoded, to check that its pixels are unchanged.  All methods
    and layers of a case share its logit cache: equal masks are scored once.

    Raises:
        OutputExists, BadRequest: see :func:`open_run` and :meth:`Plan.of`.
        ModelError: the network returned a value that is not a finite number.
    """
    plan = plan.of(explainer.classifier)
    open_run(out, plan, source, explainer)
    records = source.records()[:limit]
    rows: list[Row] = []
    for done, record in enumerate(records):
        progress(done, len(records), record.id)
        part = part_of(out, record.id)
        before = read_rows(part)
        found = measure(explainer, source, record, plan, before)
        if found is not before:
            write_rows(part, found)
        rows += found
    progress(len(records), len(records), "")
    write_rows(out / MERGED, rows)
    return rows


def part_of(out: Path, case_id: str) -> Path:
    """The file of one case's rows in a run, see :func:`part_in`."""
    return part_in(out / ROWS, case_id)


def part_in(folder: Path, case_id: str) -> Path:
    """The file of one case's rows; named by a digest, since an id may not be a valid file name."""
    return folder / f"{hashlib.sha256(case_id.encode()).hexdigest()[:24]}.parquet"


def measure(
    explainer: Explainer,
    source: CaseSource,
    record: CaseRecord,
    plan: Plan,
    before: list[Row] | None = None,
) -> list[Row]:
    """The rows of one case; a single row with the problem where it cannot be read.

    ``before``: rows of an earlier run; returned unchanged if the case still has the same pixels,
    mask, pathology and patient.
    """
    pathology = None if record.pathology is None else str(record.pathology)
    known: dict[str, Any] = {
        "case_id": record.id,
        "patient_id": record.patient_id,
        "pathology": pathology,
    }
    try:
        case = source.load(record.id)
    except CaseError as problem:
        return [Row(**known, problem=str(problem))]
    known["image_sha256"] = explainer.context(case).image_digest
    known["mask_sha256"] = _mask_digest(case)
    known["model_sha256"] = model_digest(explainer.classifier.spec)
    known["threshold"] = explainer.classifier.spec.threshold
    if before and all(getattr(before[0], name) == value for name, value in known.items()):
        return before
    return [_row(case, explainer, request) for request in plan.requests()]


def _mask_digest(case: Case) -> str | None:
    """SHA-256 (hex) of the lesion mask; None where no pixel is marked."""
    mask = case.lesion_mask
    if mask is None or not mask.any():
        return None
    return hashlib.sha256(mask.tobytes() + repr(mask.shape).encode()).hexdigest()


def _row(case: Case, explainer: Explainer, request: ExplainRequest) -> Row:
    answer = explainer.explain(case, request)
    if answer.heatmap is None:
        raise ValueError("the explanation is not complete")
    truth, positive = case.class_index, answer.positive
    return Row(
        case_id=case.id,
        patient_id=case.patient_id,
        pathology=None if case.pathology is None else str(case.pathology),
        logit_benign=answer.prediction.other_logit(positive),
        logit_malignant=answer.prediction.logits[positive],
        probability_malignant=answer.prediction.probabilities[positive],
        predicted=answer.class_names[answer.predicted],
        outcome=None if truth is None else str(Outcome.of(truth, answer.predicted == positive)),
        method=answer.request.method,
        layer=answer.layer.name,
        target=answer.target_name,
        map_state=str(answer.heatmap.state),
        map_scale=answer.heatmap.scale,
        metrics=by_column(answer.metrics),
        image_sha256=answer.image_digest,
        mask_sha256=_mask_digest(case),
        weights_sha256=answer.weights_digest,
        model_sha256=model_digest(explainer.classifier.spec),
        threshold=answer.threshold,
        engine=explainer.classifier.engine.status.title,
        software=software_line(),
        forwards=answer.forwards,
        seconds=round(sum(answer.seconds.values()), 4),
    )

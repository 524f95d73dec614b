"""The batch: every case, method and layer, row by row, so that it can be stopped and resumed.

``OUT/rows/`` holds one small Parquet file per case, written when the case is done; a resumed run
reads what is there and does the rest.  ``OUT/run.json`` names the request the rows belong to.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.cases.base import CaseSource
from xai_core.errors import BadRequest, CaseError, OutputExists
from xai_core.explainer import Explainer
from xai_core.explanation import Explanation
from xai_core.faithfulness.patches import relevance, tie_fraction
from xai_core.files import read_json, write_json, writing
from xai_core.request import ExplainRequest
from xai_core.study.rows import Row, read_rows, write_rows
from xai_core.types import (
    CLASS_NAMES,
    LAYERS,
    MALIGNANT,
    Case,
    CaseRecord,
    MapState,
    Outcome,
    ProgressCallback,
)

MADE_BY = "xai_core evaluate"
RUN = "run.json"
ROWS = "rows"
MERGED = "rows.parquet"


@dataclass(frozen=True)
class Plan:
    """What is measured on every case, for the class the model predicts.

    Raises:
        BadRequest: an unknown method, layer or mode of curves, or none of one.
    """

    methods: tuple[str, ...]
    layers: tuple[str, ...] = LAYERS
    curves: str = "adaptive"

    def __post_init__(self) -> None:
        if not self.methods or not self.layers or self.curves == "none":
            raise BadRequest(
                "An evaluation needs at least one method, one layer, and curves adaptive or full."
            )
        self.requests("")  # checks the names

    def requests(self, case_id: str) -> list[ExplainRequest]:
        """One request per layer and method."""
        return [
            ExplainRequest(case_id, method, layer, curves=self.curves)
            for layer in self.layers
            for method in self.methods
        ]


def open_run(out: Path, plan: Plan, source: CaseSource, explainer: Explainer) -> None:
    """Begin a run in ``out``, or go on with one of the same source, model and plan.

    Raises:
        OutputExists: ``out`` holds something else, or a run with other parameters.
        BadRequest: ``out`` cannot be written.
    """
    asked = _identity(plan, source, explainer)
    if out.is_dir() and any(out.iterdir()):
        found = read_json(out / RUN)
        if found.get("made_by") != MADE_BY:
            raise OutputExists(
                f"The folder {out.name} holds other files; give a new or an empty folder with "
                "--out."
            )
        before = found.get("request", {})
        other = [name for name, value in asked.items() if before.get(name) != value]
        if other:
            raise OutputExists(
                f"The folder {out.name} holds a run with another value of {', '.join(other)}; give "
                "another folder with --out, or the parameters of that run to go on with it."
            )
        return
    if out.exists() and not out.is_dir():
        raise OutputExists(f"--out names {out.name}, which is a file; give a folder.")
    with writing(out / RUN):
        write_json(out / RUN, {"made_by": MADE_BY, "request": asked})


def _identity(plan: Plan, source: CaseSource, explainer: Explainer) -> dict[str, Any]:
    """What every row of a run depends on.  How many cases are done is not among it."""
    ids = "\n".join(record.id for record in source.records())
    return {
        "source": source.name,
        "cases": hashlib.sha256(ids.encode()).hexdigest(),
        "weights": explainer.classifier.spec.sha256,
        "methods": list(plan.methods),
        "layers": list(plan.layers),
        "curves": plan.curves,
    }


def evaluate(
    explainer: Explainer,
    source: CaseSource,
    plan: Plan,
    out: Path,
    progress: ProgressCallback,
    limit: int | None = None,
) -> list[Row]:
    """Measure the first ``limit`` cases (None: all) and write their rows; returns the rows.

    ``progress``: gets cases done, cases in all and the id of the case at hand.

    A case measured before is not measured again, only decoded, to see that it is still the same
    picture.  All methods and layers of a case share
    its scores: equal masks are scored once.

    Raises:
        OutputExists, BadRequest: see :func:`open_run`.
        ModelError: the network gave something that is not a number.
    """
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
    """The file of one case's rows; named by a digest, since an id is no file name."""
    return out / ROWS / f"{hashlib.sha256(case_id.encode()).hexdigest()[:24]}.parquet"


def measure(
    explainer: Explainer,
    source: CaseSource,
    record: CaseRecord,
    plan: Plan,
    before: list[Row] | None = None,
) -> list[Row]:
    """The rows of one case; a single row with the problem where it cannot be read.

    ``before``: rows of an earlier run; they are the answer as long as the case has the pixels, the
    pathology and the patient it had then.
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
    if before and all(getattr(before[0], name) == value for name, value in known.items()):
        return before
    return [_row(case, explainer.explain(case, request)) for request in plan.requests(record.id)]


def _row(case: Case, answer: Explanation) -> Row:
    if answer.heatmap is None:
        raise ValueError("the explanation is not complete")
    truth, pair, state = case.class_index, answer.curves, answer.heatmap.state
    usable = state is MapState.OK
    return Row(
        case_id=case.id,
        patient_id=case.patient_id,
        pathology=None if case.pathology is None else str(case.pathology),
        logit_benign=answer.prediction.logits[0],
        logit_malignant=answer.prediction.logits[1],
        probability_malignant=answer.prediction.probabilities[MALIGNANT],
        predicted=CLASS_NAMES[answer.predicted],
        outcome=None if truth is None else str(Outcome.of(truth, answer.predicted)),
        method=answer.request.method,
        layer=answer.request.layer,
        target=CLASS_NAMES[answer.target],
        map_state=str(state),
        map_scale=answer.heatmap.scale,
        tie_fraction=tie_fraction(relevance(answer.heatmap.values)) if usable else None,
        insertion_auc=pair.insertion.auc if pair else None,
        insertion_error=pair.insertion.error if pair else None,
        deletion_auc=pair.deletion.auc if pair else None,
        deletion_error=pair.deletion.error if pair else None,
        interpretable=pair.interpretable if pair else None,
        curve_images=pair.images if pair else None,
        image_sha256=answer.image_digest,
        weights_sha256=answer.weights_digest,
        forwards=answer.forwards,
        seconds=round(sum(answer.seconds.values()), 4),
    )

"""The verb ``predict``: the model's prediction for every case of a source, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import (
    Force,
    Limit,
    NoStore,
    Source,
    Threshold,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.errors import BadRequest, CaseError

if TYPE_CHECKING:
    from xai_core.study.predictions import PredictionRow

_MOST_REMARKS = 20  # on single files, printed in full

COLUMNS = (
    "case_id", "patient_id", "pathology", "logit_benign", "logit_malignant",
    "probability_malignant", "predicted", "outcome", "threshold", "model_sha256",
)  # fmt: skip


def predict(
    source: Source,
    out: Annotated[Path, typer.Option(help="Table to write (.csv).")],
    limit: Limit = None,
    weights: Weights = None,
    threshold: Threshold = None,
    no_store: NoStore = False,
    force: Force = False,
) -> None:
    """Predict every case of a source; where the pathology is known, say how good that is.

    The table has a row per case: case_id, patient_id, pathology, logit_benign, logit_malignant,
    probability_malignant, predicted, outcome (TP, TN, FP or FN; empty where the pathology is not
    known), threshold (the operating point), model_sha256. A case that cannot be read is left out
    and named on standard error.

    \b
    Example:
      python -m xai_core predict library --out predictions.csv
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.files import write_csv, writing
    from xai_core.study.predictions import figures, predict_case

    _check_table(out, force)
    opened = open_cases(source, limit)
    explainer = open_explainer(weights, no_store, threshold=threshold)
    records = opened.records()[:limit]
    rows: list[PredictionRow] = []
    remarks: list[str] = []
    with progress_bar("Predicting") as advance:
        for done, record in enumerate(records, start=1):
            try:
                case = opened.load(record.id)
                rows.append(predict_case(explainer, case))
                # Those on the source's record are what the verb ``cases`` lists.
                found = [one for one in case.warnings if one not in record.warnings]
                remarks += [f"{record.id}: {remark}" for remark in found]
            except CaseError as problem:
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    for remark in remarks[:_MOST_REMARKS]:
        typer.echo(f"Note: {remark}", err=True)
    if len(remarks) > _MOST_REMARKS:
        typer.echo(
            f"{len(remarks) - _MOST_REMARKS} more notes on single files: see `cases --check`.",
            err=True,
        )
    if not rows:
        raise CaseError(f"No case of {opened.name} can be read; nothing was predicted.")
    with writing(out):
        write_csv(out, [COLUMNS, *([getattr(row, name) for name in COLUMNS] for row in rows)])
    typer.echo(f"{out}: {len(rows)} of {len(records)} cases predicted.")
    typer.echo(f"The predicted class is decided by {explainer.classifier.spec.decision_note()}.")
    if note := explainer.classifier.spec.positive_note():
        typer.echo(note)
    for line in figures(rows):
        typer.echo(line)


def _check_table(out: Path, force: bool) -> None:
    """Refuse to replace a file that is not a table of this verb.

    Raises:
        BadRequest: the name does not end in .csv, or the file cannot be made.
        OutputExists: see :func:`xai_core.output.check_file`.
    """
    from xai_core.output import check_file

    if out.suffix.lower() != ".csv":
        raise BadRequest(f"--out is {out.name!r}; give a file that ends in .csv.")
    check_file(out, force=force, own="a table of this command", is_own=_is_table)


def _is_table(path: Path) -> bool:
    head = ",".join(COLUMNS[:8]).encode()  # the columns that earlier versions wrote, too
    try:
        with path.open("rb") as file:
            return file.read(len(head)) == head
    except OSError:  # no permission
        return False

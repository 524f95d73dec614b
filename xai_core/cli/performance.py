"""``performance``: how good the model's decisions are, and for which cases."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xai_core.cli.options import (
    EvenPatients,
    Force,
    Limit,
    NoStore,
    Source,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.study.performance.judge import Judged


def performance(
    source: Source,
    even_patients: EvenPatients = False,
    limit: Limit = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for performance.md, performance.json and predictions.csv.", metavar="DIR"
        ),
    ] = None,
    weights: Weights = None,
    no_store: NoStore = False,
    force: Force = False,
) -> None:
    """How good the model is: AUC, sensitivity and specificity overall and by group, calibration.

    Over the cases whose pathology is known, at the operating threshold of the weights. Groups are
    pathology, each descriptor's values, density, view and lesion size. Every rate has its interval.

    \b
    Example:
      python -m xai_core performance library --out performance
    """
    from xai_core.cli.bars import progress_bar
    from xai_core.cli.study_files import StudyFolder
    from xai_core.study.chosen import chosen
    from xai_core.study.performance.judge import judge
    from xai_core.study.performance.summary import as_json, summarise
    from xai_core.study.performance.table import About, markdown

    opened = open_cases(source, limit)
    records = chosen(opened, even_patients=even_patients, limit=limit)
    explainer = open_explainer(weights, no_store)
    spec = explainer.classifier.spec
    asked = {
        "source": opened.name, "weights": spec.sha256, "even_patients": even_patients,
        "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "performance", "predictions.csv", asked)
    if folder is not None:
        folder.check(force=force)
    judged: list[Judged] = []
    with progress_bar("Predicting") as advance:
        for done, record in enumerate(records, start=1):
            try:
                judged.append(judge(explainer, opened.load(record.id), record))
            except CaseError as problem:
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    if not judged:
        raise CaseError(f"No case of {opened.name} can be read; nothing was predicted.")
    found = summarise(judged)
    unreadable = len(records) - len(judged)
    about = About(opened.name, opened.is_phantom, spec, len(records), unreadable)
    document = markdown(found, about)
    typer.echo(document)
    if folder is not None:
        folder.write(document, [_line(j) for j in judged], as_json(found))
        typer.echo(f"{folder.out}: performance.md, performance.json and predictions.csv.")


def _line(judged: Judged) -> dict[str, Any]:
    """One case in the table: the columns of ``predict``, and what it is grouped by."""
    return {
        **dataclasses.asdict(judged.row),
        "view": judged.record.view,
        "density": judged.record.density,
        "diameter_px": judged.diameter,
        "descriptors": json.dumps(dict(judged.record.descriptors), ensure_ascii=False),
    }

"""The verb ``performance``: the quality of the model's decisions, overall and by group of cases."""

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
    Threshold,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.study.performance import ScoredCase


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
    threshold: Threshold = None,
    no_store: NoStore = False,
    force: Force = False,
) -> None:
    """How good the model is: AUC, sensitivity and specificity overall and by group, calibration.

    Over the cases whose pathology is known, at the operating point. Groups are
    pathology, each descriptor's values, density, view and lesion size. Every rate has its interval.

    \b
    Example:
      python -m xai_core performance library --out performance
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.identity import decision_fields
    from xai_core.study.performance import About, as_json, markdown, score_case, summarise
    from xai_core.study.result_folder import StudyFolder
    from xai_core.study.selection import select_cases

    opened = open_cases(source, limit)
    records = select_cases(opened, even_patients=even_patients, limit=limit)
    explainer = open_explainer(weights, no_store, threshold=threshold)
    spec = explainer.classifier.spec
    request = {
        "source": opened.name, **decision_fields(spec), "even_patients": even_patients,
        "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "performance", "predictions.csv", request)
    if folder is not None:
        folder.check(force=force)
    scored: list[ScoredCase] = []
    with progress_bar("Predicting") as advance:
        for done, record in enumerate(records, start=1):
            try:
                scored.append(score_case(explainer, opened.load(record.id), record))
            except CaseError as problem:
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    if not scored:
        raise CaseError(f"No case of {opened.name} can be read; nothing was predicted.")
    summary = summarise(scored)
    unreadable = len(records) - len(scored)
    about = About(opened.name, opened.is_phantom, spec, len(records), unreadable)
    document = markdown(summary, about)
    typer.echo(document)
    if folder is not None:
        folder.write(document, [_row(case) for case in scored], as_json(summary))
        typer.echo(f"{folder.out}: performance.md, performance.json and predictions.csv.")


def _row(scored: ScoredCase) -> dict[str, Any]:
    """A case's row of the table: the columns of ``predict`` and those used for grouping."""
    return {
        **dataclasses.asdict(scored.row),
        "view": scored.record.view,
        "density": scored.record.density,
        "diameter_px": scored.diameter,
        "descriptors": json.dumps(dict(scored.record.descriptors), ensure_ascii=False),
    }

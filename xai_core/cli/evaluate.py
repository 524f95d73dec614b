"""The verb ``evaluate``: every case, method and layer of a source; the paper's Tables 1 and 2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xai_core.cli.options import (
    PAPER,
    CurveMode,
    Layers,
    Limit,
    Methods,
    NoStore,
    Threshold,
    Ties,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.cli.terminal import Interrupted
from xai_core.list_text import names


def evaluate(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one goes on.")],
    cases: Annotated[
        str, typer.Option(help="'library' (the built-in phantoms) or a folder.", metavar="SOURCE")
    ] = "library",
    methods: Methods = PAPER,
    layers: Layers = "",
    curves: CurveMode = "adaptive",
    ties: Ties = "expected",
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="Also the columns of explain's --reliability; about eight times the work.",
        ),
    ] = False,
    limit: Limit = None,
    weights: Weights = None,
    threshold: Threshold = None,
    no_store: NoStore = False,
) -> None:
    """Measure a whole source: the paper's Tables 1 and 2, its figures beside.

    Writes into --out: rows/ (one Parquet file per case, as it goes), rows.parquet (all of them: one
    row per case, method and layer), tables.md, tables.tex and tables.csv, with the same figures.
    Stop with Ctrl-C and run the same command to go on; the result is the same as without a stop. A
    run with other parameters needs another folder; only --limit may differ. With the built-in model
    Score-CAM costs 384 + 768 forward passes a case: leave it out of --methods for a quick look.

    \b
    Example:
      python -m xai_core evaluate --cases library --methods grad-cam,hybrid-cam --out study
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.files import write_text, writing
    from xai_core.study.evaluate import Plan
    from xai_core.study.evaluate import evaluate as run
    from xai_core.study.tables import About, figures_of, latex, markdown
    from xai_core.study.tables_csv import csv_text

    plan = Plan(names(methods), names(layers), curves, ties, baselines)
    source = open_cases(cases, limit)
    explainer = open_explainer(weights, no_store, threshold=threshold)
    done = [0, 0]
    try:
        with progress_bar("Evaluating") as advance:

            def watch(finished: int, total: int, case_id: str) -> None:
                done[:] = finished, total
                advance(finished, total, case_id)

            rows = run(explainer, source, plan, out, watch, limit)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {done[0]} of {done[1]} cases; run the same command to go on."
        ) from None
    spec = explainer.classifier.spec
    about = About(
        source.name, source.is_phantom, curves, spec.sha256, spec.decision_note(),
        spec.curves_note(),
    )  # fmt: skip
    figures = figures_of(rows)
    document = markdown(figures, about)
    for name, text in (
        ("tables.md", document), ("tables.tex", latex(figures, about)),
        ("tables.csv", csv_text(figures, about)),
    ):  # fmt: skip
        with writing(out / name):
            write_text(out / name, text)
    for problem in {row.case_id: row.problem for row in rows if row.problem}.values():
        typer.echo(f"Left out: {problem}", err=True)
    typer.echo(document)

"""The verb ``precompute``: score every case, method and layer, so that later requests are fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xai_core.cli.options import (
    PAPER,
    CurveMode,
    Force,
    Layers,
    Limit,
    Methods,
    Source,
    Threshold,
    Ties,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.cli.terminal import Interrupted
from xai_core.list_text import counted, names


def precompute(
    cases: Source,
    methods: Methods = PAPER,
    layers: Layers = "",
    curves: CurveMode = "adaptive",
    ties: Ties = "expected",
    targets: Annotated[
        str, typer.Option(help="Classes to explain: predicted, or both.")
    ] = "predicted",
    limit: Limit = None,
    showcase: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Explain only the first N cases of each outcome (TP, TN, FP, FN); predict all.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a folder of precomputed results; without it, fill the cache folder."
        ),
    ] = None,
    weights: Weights = None,
    threshold: Threshold = None,
    force: Force = False,
) -> None:
    """Score all cases by every method at every layer, so that asking for them later is fast.

    Fills the cache folder (XAI_STORE), or with --out writes a folder of precomputed results: the
    scores, and manifest.json with the digest of the weights, the command, the SHA-256 of every file
    and what was left out. XAI_PRECOMPUTED names such a folder; it is read before the cache, never
    written.
    Stop with Ctrl-C and run the same command to go on: what is scored is not scored again.
    With the built-in model Score-CAM costs 384 + 768 forward passes a case: leave it out of
    --methods for a quick start.

    \b
    Example:
      python -m xai_core precompute library --methods grad-cam,hybrid-cam --targets both
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.errors import BadRequest, CaseError
    from xai_core.study.precompute import PrecomputedFolder, PrecomputePlan, PrecomputeRun, command

    if showcase is not None and showcase < 1:
        raise BadRequest(f"--showcase is {showcase}; give at least 1 case of each outcome.")
    plan = PrecomputePlan(names(methods), names(layers), curves, targets, ties)
    source = open_cases(cases, limit)
    explainer = open_explainer(weights, into=out, threshold=threshold)
    plan = plan.of(explainer.classifier)
    records = source.records()[:limit]
    folder = None
    if out is not None:
        command_line = command(cases, plan, limit, showcase, out, threshold)
        spec = explainer.classifier.spec
        folder = PrecomputedFolder(out, plan, source, spec, command_line)
        folder.begin(force=force)
    run = PrecomputeRun(explainer, source, plan)
    try:
        if showcase is not None:
            with progress_bar("Predicting") as advance:
                records = run.choose(records, showcase, advance)
        with progress_bar("Precomputing") as advance:
            run.run(records, advance)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {run.cases} of {len(records)} cases; run the same command to go on."
        ) from None
    finally:
        for line in run.left_out:
            typer.echo(f"Left out: {line}", err=True)
        if folder is not None:
            folder.finish(run, len(records))
    if run.removed:
        typer.echo(
            "The cache folder is full: "
            + counted(run.removed, "kept result was", "kept results were")
            + " removed to stay within XAI_STORE_LIMIT_MB; give a higher limit, or fewer cases "
            "with --limit.",
            err=True,
        )
    if not run.cases:
        raise CaseError(f"No case of {source.name} can be read; nothing was scored.")
    typer.echo(
        f"{out or 'Cache folder'}: {run.cases} of {len(records)} cases, "
        f"{counted(run.maps, 'map', 'maps')}; {counted(run.forwards, 'image', 'images')} scored "
        "now, the rest was known."
    )

"""The verb ``conventions``: a method's areas under every convention that it leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xai_core.cli.options import (
    CurveMode,
    Layers,
    NoStore,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.cli.terminal import Interrupted
from xai_core.list_text import names


def conventions(
    method: Annotated[str, typer.Argument(help="The method, such as score-cam.", metavar="METHOD")],
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one goes on.")],
    cases: Annotated[
        str, typer.Option(help="'library' (the built-in phantoms) or a folder.", metavar="SOURCE")
    ] = "library",
    each: Annotated[
        int, typer.Option(help="The first N true positives and N true negatives.", metavar="N")
    ] = 12,
    options: Annotated[
        str, typer.Option(help="The options to change, with commas; default: all conventions.")
    ] = "",
    layers: Layers = "",
    curves: CurveMode = "adaptive",
    weights: Weights = None,
    no_store: NoStore = False,
) -> None:
    """Measure how much a method's areas depend on the conventions that papers leave open.

    The method's default, each option changed alone (activations and softmax also together), and
    Grad-CAM for comparison, on the same cases. Writes into --out: rows/ (a Parquet file per choice
    and case, as it goes) and table.md, with the paper's figures and which choices come near its
    pattern. Stop with Ctrl-C and run the same command to go on; --each may differ. With the
    built-in model every kind of mask costs 384 + 768 forward passes a case.

    \b
    Example:
      python -m xai_core conventions score-cam --cases library --each 12 --out conventions
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.files import write_text, writing
    from xai_core.study.conventions import ConventionPlan, compare, markdown

    plan = ConventionPlan(method, names(options), names(layers), curves, each)
    source = open_cases(cases)
    explainer = open_explainer(weights, no_store)
    done = [0, 0]
    try:
        with progress_bar("Comparing") as advance:

            def watch(finished: int, total: int, what: str) -> None:
                done[:] = finished, total
                advance(finished, total, what)

            found = compare(explainer, source, plan, out, watch)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {done[0]} of {done[1]}; run the same command to go on."
        ) from None
    text = markdown(found, method, source.name)
    with writing(out / "table.md"):
        write_text(out / "table.md", text)
    for problem in found.left_out:
        typer.echo(f"Left out: {problem}", err=True)
    typer.echo(text)

"""The verb ``effects``: what the model has learned of each cue, beside what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xai_core.cli.options import Threshold, Weights, open_explainer
from xai_core.cli.terminal import Interrupted
from xai_core.list_text import names

MADE_BY = "xai_core effects"


def effects(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one goes on.")],
    pairs: Annotated[
        int, typer.Option(min=1, help="Phantoms of each kind of lesion.", metavar="N")
    ] = 20,
    only: Annotated[
        str,
        typer.Option(
            help="Cues or groups of them, with commas, such as mass-margin,mass-number:2; "
            "default: all.",
            metavar="CUE,...",
        ),
    ] = "",
    seed: Annotated[
        int, typer.Option(min=0, max=9, help="Another seed, other phantoms; 0 to 9.")
    ] = 0,
    weights: Weights = None,
    threshold: Threshold = None,
) -> None:
    """Change one cue of a lesion at a time: what it does to the model, beside what is true.

    Many pairs of phantoms that differ in one cue alone, bit for bit: the mean change of the model's
    logit difference, beside that of the generator's own log-odds. Descriptors of the recombined
    image, which the model never sees, are controls. Writes into --out: rows/ (a file per phantom,
    as it goes), rows.csv (a row per pair), effects.csv (a row per cue) and effects.md. Stop with
    Ctrl-C and run the same command to go on; only --pairs and --only may differ.

    \b
    Example:
      python -m xai_core effects --pairs 20 --out effects
    """
    from dataclasses import asdict, astuple

    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.identity import decision_fields
    from xai_core.features.cues import choose
    from xai_core.features.effects import (
        COLUMNS,
        markdown,
        measure_all,
        scorer_of,
        summarise,
        table_rows,
    )
    from xai_core.features.pairs import HEIGHT, generator_digest, subjects_of
    from xai_core.files import write_csv, write_text, writing
    from xai_core.study.evaluate import begin_run

    cues = choose(names(only))
    drawn = subjects_of(cues, pairs, seed)
    classifier = open_explainer(weights, no_store=True, threshold=threshold).classifier
    spec = classifier.spec
    begin_run(
        out, MADE_BY,
        {
            **decision_fields(spec), "generator": generator_digest(), "height": HEIGHT,
            "seed": seed,
        },
    )  # fmt: skip
    done = [0, 0]
    try:
        with progress_bar("Drawing and scoring") as advance:

            def watch(finished: int, total: int, what: str) -> None:
                done[:] = finished, total
                advance(finished, total, what)

            rows = measure_all(scorer_of(classifier), cues, drawn, out / "rows", watch)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {done[0]} of {done[1]} phantoms; run the same command to go on."
        ) from None
    summary = summarise(rows, cues)
    document = markdown(summary, spec.decision_note(), spec.positive_note())
    with writing(out):
        write_csv(out / "rows.csv", [list(asdict(rows[0])), *(astuple(row) for row in rows)])
        write_csv(out / "effects.csv", [COLUMNS, *table_rows(summary)])
        write_text(out / "effects.md", document)
    typer.echo(document)
    typer.echo(f"{out}: effects.md, effects.csv and rows.csv.")

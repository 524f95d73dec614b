"""The verb ``features``: what single parts of the network carry."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import (
    Force,
    Limit,
    Source,
    Threshold,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.study.parts import ScoredGroups


class Kind(enum.StrEnum):
    """Which features are changed."""

    PARTS = "parts"


def features(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="parts: response normalisation, kernels, layer norms and whole blocks.",
            metavar="KIND",
        ),
    ],
    source: Source,
    maps: Annotated[
        int, typer.Option(min=0, help="Compare the maps of the first N cases.", metavar="N")
    ] = 12,
    limit: Limit = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for features.md and features.csv.", metavar="DIR")
    ] = None,
    weights: Weights = None,
    threshold: Threshold = None,
    force: Force = False,
) -> None:
    """Disable one part of the network after the other, and see how much the answers change.

    Over the cases whose pathology is known: the change of the logits, of the decisions, of AUC,
    sensitivity and specificity, and of the maps. An edited network is one that was never trained
    so: it shows what the trained network relies on.

    \b
    Example:
      python -m xai_core features parts library --limit 20 --out features
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.identity import decision_fields
    from xai_core.study.parts import effects, groups_of, markdown, score
    from xai_core.study.result_folder import StudyFolder
    from xai_core.study.selection import select_cases

    opened = open_cases(source, limit)
    records = select_cases(opened, limit=limit)
    classifier = open_explainer(weights, no_store=True, threshold=threshold).classifier.separate()
    spec = classifier.spec
    request = {
        "kind": str(kind), "source": opened.name, **decision_fields(spec), "maps": maps,
        "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "features", "features.csv", request)
    if folder is not None:
        folder.check(force=force)
    groups = groups_of(classifier)
    scored: list[ScoredGroups] = []
    with progress_bar("Scoring") as advance:
        for done, record in enumerate(records, start=1):
            try:
                case = opened.load(record.id)
                scored.append(score(classifier, groups, case, maps=len(scored) < maps))
            except CaseError as problem:
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    if not scored:
        raise CaseError(f"No case of {opened.name} can be read; nothing was measured.")
    found = effects(scored, groups, spec)
    document = markdown(found, opened.name, opened.is_phantom, len(scored), min(maps, len(scored)))
    typer.echo(document)
    if folder is not None:
        folder.write(document, [row for case in scored for row in case.rows(groups)])
        typer.echo(f"{folder.out}: features.md and features.csv.")

"""The verb ``features``: what single parts or channels of the network carry."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

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
from xai_core.errors import BadRequest, CaseError

if TYPE_CHECKING:
    from xai_core.cases.base import CaseSource
    from xai_core.types import Case, CaseRecord

Measured = TypeVar("Measured")
_MAPS = 12


class Kind(enum.StrEnum):
    """Which features are changed."""

    PARTS = "parts"
    CHANNELS = "channels"


def features(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="parts: response normalisation, kernels, layer norms and whole blocks. "
            "channels: of a block's output, each alone and many together.",
            metavar="KIND",
        ),
    ],
    source: Source,
    maps: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"parts: compare the maps of the first N cases ({_MAPS}).", metavar="N"
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            help="channels: blocks by name or title, such as stages.1.blocks.2 or 'Stage 2 Block "
            "3', with commas; default: the last of Stage 3 and of Stage 4.",
        ),
    ] = None,
    limit: Limit = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for features.md and features.csv.", metavar="DIR")
    ] = None,
    weights: Weights = None,
    threshold: Threshold = None,
    force: Force = False,
) -> None:
    """Disable one part or channel of the network after the other, and see how much answers change.

    Over the cases whose pathology is known: the change of the logits and of the decisions; for
    parts also of AUC, sensitivity and specificity, and of the maps. An edited network is one that
    was never trained so: it shows what the trained network relies on.

    \b
    Example:
      python -m xai_core features parts library --limit 20 --out features
      python -m xai_core features channels library --limit 5 --layers "stage 4"
    """
    if kind is Kind.PARTS:
        if layers is not None:
            raise BadRequest("--layers is of features channels; leave it out for parts.")
        _parts(source, _MAPS if maps is None else maps, limit, out, weights, threshold, force)
    else:
        if maps is not None:
            raise BadRequest("--maps is of features parts; leave it out for channels.")
        _channels(source, layers or "", limit, out, weights, threshold, force)


def _parts(
    source: str, maps: int, limit: int | None, out: Path | None, weights: Path | None,
    threshold: float | None, force: bool,
) -> None:  # fmt: skip
    from xai_core.explain.identity import decision_fields
    from xai_core.study.parts import ScoredGroups, effects, groups_of, markdown, score
    from xai_core.study.result_folder import StudyFolder
    from xai_core.study.selection import select_cases

    opened = open_cases(source, limit)
    records = select_cases(opened, limit=limit)
    classifier = open_explainer(weights, no_store=True, threshold=threshold).classifier.separate()
    spec = classifier.spec
    request = {
        "kind": "parts", "source": opened.name, **decision_fields(spec), "maps": maps,
        "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "features", "features.csv", request)
    if folder is not None:
        folder.check(force=force)
    groups = groups_of(classifier)

    def one(case: Case, before: int) -> ScoredGroups:
        return score(classifier, groups, case, maps=before < maps)

    scored = _over_cases(opened, records, one)
    found = effects(scored, groups, spec)
    document = markdown(found, opened.name, opened.is_phantom, len(scored), min(maps, len(scored)))
    typer.echo(document)
    if folder is not None:
        folder.write(document, [row for case in scored for row in case.rows(groups)])
        typer.echo(f"{folder.out}: features.md and features.csv.")


def _channels(
    source: str, layers: str, limit: int | None, out: Path | None, weights: Path | None,
    threshold: float | None, force: bool,
) -> None:  # fmt: skip
    from xai_core.explain.identity import decision_fields
    from xai_core.features.blocks import find_blocks
    from xai_core.study.channels import MeasuredCase, markdown, measure
    from xai_core.study.result_folder import StudyFolder
    from xai_core.study.selection import select_cases

    opened = open_cases(source, limit)
    records = select_cases(opened, limit=limit)
    classifier = open_explainer(weights, no_store=True, threshold=threshold).classifier
    spec = classifier.spec
    blocks = find_blocks(classifier, layers)
    request = {
        "kind": "channels", "source": opened.name, **decision_fields(spec),
        "layers": [block.name for block in blocks], "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "features", "features.csv", request)
    if folder is not None:
        folder.check(force=force)

    def one(case: Case, before: int) -> MeasuredCase:  # noqa: ARG001
        return measure(classifier, blocks, case)

    measured = _over_cases(opened, records, one)
    document = markdown(measured, opened.name, opened.is_phantom, spec)
    typer.echo(document)
    if folder is not None:
        folder.write(document, [row for case in measured for row in case.rows(spec)])
        typer.echo(f"{folder.out}: features.md and features.csv.")


def _over_cases(
    opened: CaseSource, records: Sequence[CaseRecord], one: Callable[[Case, int], Measured]
) -> list[Measured]:
    """What ``one`` finds of each case, given the case and the number of cases before it; a case
    that cannot be read is left out and named.

    Raises:
        CaseError: no case can be read.
    """
    from xai_core.cli.terminal import progress_bar

    found: list[Measured] = []
    with progress_bar("Scoring") as advance:
        for done, record in enumerate(records, start=1):
            try:
                found.append(one(opened.load(record.id), len(found)))
            except CaseError as problem:
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    if not found:
        raise CaseError(f"No case of {opened.name} can be read; nothing was measured.")
    return found

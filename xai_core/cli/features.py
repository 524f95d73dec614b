"""The verb ``features``: what single parts or channels of the network carry, and answer to."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from xai_core.cli.options import (
    Force,
    Limit,
    Threshold,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.cli.terminal import Interrupted
from xai_core.errors import BadRequest, CaseError
from xai_core.list_text import names

if TYPE_CHECKING:
    from xai_core.cases.base import CaseSource
    from xai_core.types import Case, CaseRecord

Measured = TypeVar("Measured")
_MAPS, _PAIRS, _REMOVALS = 12, 20, 6
CUES_MADE_BY = "xai_core features cues"


class Kind(enum.StrEnum):
    """Which features are changed, or looked up."""

    PARTS = "parts"
    CHANNELS = "channels"
    CUES = "cues"
    ATLAS = "atlas"


_KINDS = {
    "SOURCE": (Kind.PARTS, Kind.CHANNELS, Kind.ATLAS),
    "--maps": (Kind.PARTS,),
    "--layers": (Kind.CHANNELS, Kind.CUES),
    "--limit": (Kind.PARTS, Kind.CHANNELS, Kind.ATLAS),
    "--threshold": (Kind.PARTS, Kind.CHANNELS),
    "--force": (Kind.PARTS, Kind.CHANNELS, Kind.ATLAS),
    "--cues": (Kind.ATLAS,),
    "--pairs": (Kind.CUES,),
    "--only": (Kind.CUES,),
    "--seed": (Kind.CUES,),
    "--removals": (Kind.CUES,),
}
"""The kinds that each argument and option is of; the others are of all."""
_NEEDS = {
    Kind.PARTS: ("SOURCE",),
    Kind.CHANNELS: ("SOURCE",),
    Kind.CUES: ("--out",),
    Kind.ATLAS: ("SOURCE", "--cues", "--out"),
}
_GIVE = {
    "SOURCE": "'library' or a folder of cases",
    "--cues": "the folder of a finished run of features cues",
    "--out": "a folder",
}


def features(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="parts: response normalisation, kernels, layer norms and whole blocks. "
            "channels: of a block's output, each alone and many together. "
            "cues: which channels answer to a cue of a lesion, and what goes with its direction. "
            "atlas: where each channel matters most, with what it answers to.",
            metavar="KIND",
        ),
    ],
    source: Annotated[
        str | None,
        typer.Argument(
            help="'library' (the built-in phantoms) or a folder of cases; none for cues.",
            metavar="SOURCE",
        ),
    ] = None,
    maps: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"parts: compare the maps of the first N cases ({_MAPS}).", metavar="N"
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            help="channels, cues: blocks by name or title, such as stages.1.blocks.2 or 'Stage 2 "
            "Block 3', with commas; default: the last of Stage 3 and of Stage 4.",
        ),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(min=1, help=f"cues: phantoms of each kind of lesion ({_PAIRS}).", metavar="N"),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="cues: cues or groups of them, with commas, such as mass-margin,mass-number:2; "
            "default: all.",
            metavar="CUE,...",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="cues: another seed, other phantoms; 0 to 9."),
    ] = None,
    removals: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="cues: before the last block remove directions in the first N phantoms of each "
            f"kind ({_REMOVALS}); 0 leaves this out.",
            metavar="N",
        ),
    ] = None,
    cues: Annotated[
        Path | None,
        typer.Option(help="atlas: the folder of features cues, of the same model.", metavar="DIR"),
    ] = None,
    limit: Limit = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.", metavar="DIR")] = None,
    weights: Weights = None,
    threshold: Threshold = None,
    force: Force = False,
) -> None:
    """What single parts or channels of the network carry, and what channels answer to.

    parts and channels disable one after the other, over the cases whose pathology is known: the
    change of the logits and of the decisions; for parts also of AUC, sensitivity and specificity,
    and of the maps. An edited network is one that was never trained so: it shows what the trained
    network relies on.

    cues draws pairs of phantoms that differ in one cue alone, as effects does: which channels
    answer to which cue, corrected over all; how much of a cue's effect goes with its direction, and
    of the others'; and TCAV beside it. Stop with Ctrl-C and run the same command to go on; only
    --pairs, --only and --removals may differ.

    atlas finds for each channel the nine places of the largest effect and of the strongest
    activation over the cases, what lies there, and joins them with the result of cues: one folder,
    that opens at once.

    \b
    Example:
      python -m xai_core features parts library --limit 20 --out features
      python -m xai_core features channels library --limit 5 --layers "stage 4"
      python -m xai_core features cues --pairs 20 --out cues
      python -m xai_core features atlas library --cues cues --out atlas
    """
    given: dict[str, object] = {
        "SOURCE": source, "--maps": maps, "--layers": layers, "--limit": limit, "--out": out,
        "--threshold": threshold, "--force": force or None, "--pairs": pairs, "--only": only,
        "--seed": seed, "--removals": removals, "--cues": cues,
    }  # fmt: skip
    _check(kind, {name for name, value in given.items() if value is not None})
    if kind is Kind.PARTS and source is not None:
        _parts(source, _MAPS if maps is None else maps, limit, out, weights, threshold, force)
    elif kind is Kind.CHANNELS and source is not None:
        _channels(source, layers or "", limit, out, weights, threshold, force)
    elif kind is Kind.CUES and out is not None:
        _cues(
            out, _PAIRS if pairs is None else pairs, only or "", seed or 0,
            _REMOVALS if removals is None else removals, layers or "", weights,
        )  # fmt: skip
    elif source is not None and cues is not None and out is not None:
        _atlas(source, cues, limit, out, weights, force)


def _check(kind: Kind, given: set[str]) -> None:
    """Check that what is given is of the kind.

    Raises:
        BadRequest: something is of another kind, or missing.
    """
    for name, kinds in _KINDS.items():
        if name in given and kind not in kinds:
            *most, last = kinds
            words = f"{', '.join(most)} and {last}" if most else last
            raise BadRequest(f"{name} is of features {words}; leave it out for {kind}.")
    for name in _NEEDS[kind]:
        if name not in given:
            raise BadRequest(f"features {kind} needs {name}; give {_GIVE[name]}.")


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


def _cues(
    out: Path, pairs: int, only: str, seed: int, removals: int, layers: str, weights: Path | None
) -> None:
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.identity import model_identity
    from xai_core.features.blocks import find_blocks
    from xai_core.features.cue_study import FILE, write_study
    from xai_core.features.cues import choose
    from xai_core.features.pairs import HEIGHT, generator_digest, subjects_of
    from xai_core.files import write_csv, write_text, writing
    from xai_core.study.cues import (
        CHANNEL_COLUMNS,
        CUE_COLUMNS,
        DIRECTION_COLUMNS,
        channel_rows,
        cue_rows,
        direction_rows,
        markdown,
        run,
    )
    from xai_core.study.evaluate import begin_run

    cues = choose(names(only))
    drawn = subjects_of(cues, pairs, seed)
    classifier = open_explainer(weights, no_store=True).classifier
    blocks = sorted(find_blocks(classifier, layers))
    identity = {
        **model_identity(classifier.spec), "generator": generator_digest(), "height": HEIGHT,
        "seed": seed, "layers": [block.name for block in blocks],
    }  # fmt: skip
    begin_run(out, CUES_MADE_BY, identity)
    done = [0, 0]
    try:
        with progress_bar("Drawing and measuring") as advance:

            def watch(finished: int, total: int, what: str) -> None:
                done[:] = finished, total
                advance(finished, total, what)

            found = run(classifier, blocks, cues, drawn, removals, out, watch)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {done[0]} of {done[1]} phantoms; run the same command to go on."
        ) from None
    document = markdown(found, classifier.spec.positive_note())
    with writing(out):
        write_csv(out / "cues.csv", [CUE_COLUMNS, *cue_rows(found)])
        write_csv(out / "channels.csv", [CHANNEL_COLUMNS, *channel_rows(found)])
        write_csv(out / "directions.csv", [DIRECTION_COLUMNS, *direction_rows(found)])
        write_study(out / FILE, found, identity)
        write_text(out / "cues.md", document)
    typer.echo(document)
    typer.echo(f"{out}: cues.md, cues.csv, channels.csv, directions.csv and {FILE}.")


def _atlas(
    source: str, cues: Path, limit: int | None, out: Path, weights: Path | None, force: bool
) -> None:
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.identity import model_identity
    from xai_core.features.atlas import places
    from xai_core.features.atlas_file import Atlas
    from xai_core.features.cue_study import FILE, read_study
    from xai_core.output import shown_name
    from xai_core.study.atlas import AtlasFolder, markdown

    opened = open_cases(source, limit)
    records = opened.records()[:limit]
    found, identity = read_study(cues / FILE)
    classifier = open_explainer(weights, no_store=True).classifier
    own = model_identity(classifier.spec)
    if any(identity.get(name) != value for name, value in own.items()):
        raise BadRequest(
            f"The study in {shown_name(cues)} is of another model; give --weights of that model, "
            "or make a study of this one with features cues."
        )
    folder = AtlasFolder(out, opened, limit, identity, f"--cues {shown_name(cues)}")
    folder.check(force=force)

    def left_out(case_id: str, problem: CaseError) -> None:
        typer.echo(f"Left out: {case_id}: {problem}", err=True)

    with progress_bar("Looking for places in") as advance:
        where = places(classifier, found.blocks, opened, records, advance, left_out)
    atlas = Atlas(where, found, identity)
    document = markdown(atlas, opened.name, opened.is_phantom)
    folder.write(atlas, document)
    typer.echo(document)
    typer.echo(f"{out}: atlas.md, and the atlas of {len(where.cases)} cases.")


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

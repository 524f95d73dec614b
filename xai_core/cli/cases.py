"""The verb ``cases``: list a source of cases and check that they can be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import Source, open_cases
from xai_core.errors import CaseError
from xai_core.list_text import counted

if TYPE_CHECKING:
    from xai_core.cases.base import CaseSource
    from xai_core.types import CaseRecord

_NOT_GIVEN = "not given"
_MAX_WARNINGS = 10  # about single cases, printed in full


def cases(
    source: Source,
    every: Annotated[bool, typer.Option("--list", help="One line per case.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Decode every case; exit code 2 where one fails.")
    ] = False,
) -> None:
    """List and check a source of cases: counts, warnings, cases that cannot be read.

    \b
    Example:
      python -m xai_core cases library --check
    """
    opened = open_cases(source)
    records = opened.records()
    kinds = ("phantom", "phantoms") if opened.is_phantom else ("image", "images")
    synthetic = ", synthetic" if opened.is_phantom else ""
    patients = counted(len({record.patient_id for record in records}), "patient", "patients")
    typer.echo(f"{opened.name}: {counted(len(records), *kinds)}{synthetic}, {patients}")
    for name, counts in _counts(records).items():
        typer.echo(f"{name:<12}" + ", ".join(f"{value} {n}" for value, n in counts))
    if every:
        _list(records)
    _warn(opened, records)
    if check:
        _check(opened, records)


def _counts(records: tuple[CaseRecord, ...]) -> dict[str, list[tuple[str, int]]]:
    """The number of cases per value of each field, "not given" last."""
    counts_by_field = {}
    for name in ("pathology", "view", "laterality", "density", "birads"):
        counts = Counter(
            _NOT_GIVEN if (value := getattr(record, name)) is None else str(value)
            for record in records
        )
        counts_by_field[name] = sorted(
            counts.items(), key=lambda pair: (pair[0] == _NOT_GIVEN, pair[0])
        )
    return counts_by_field


def _list(records: tuple[CaseRecord, ...]) -> None:
    """Print a tab-separated table, for other command-line tools."""
    names = ("id", "patient_id", "pathology", "laterality", "view", "density", "birads")
    typer.echo("\t".join((*names, "findings")))
    for record in records:
        values = [getattr(record, name) for name in names]
        line = ["" if value is None else str(value) for value in values]
        typer.echo("\t".join((*line, "; ".join(record.findings))))


def _warn(source: CaseSource, records: tuple[CaseRecord, ...]) -> None:
    for warning in source.warnings:
        typer.echo(f"Warning: {warning}")
    warnings = [(record.id, warning) for record in records for warning in record.warnings]
    for case_id, warning in warnings[:_MAX_WARNINGS]:
        typer.echo(f"Warning: {case_id}: {warning}")
    if len(warnings) > _MAX_WARNINGS:
        more = counted(len(warnings) - _MAX_WARNINGS, "more warning", "more warnings")
        typer.echo(f"{more} of single cases.")


def _check(source: CaseSource, records: tuple[CaseRecord, ...]) -> None:
    """Decode every case, and print what was found out about its file.

    Raises:
        CaseError: some cannot be read; they are listed first.
    """
    from xai_core.cli.terminal import progress_bar

    unreadable: list[str] = []
    warnings: list[str] = []  # found while decoding
    masks = 0
    with progress_bar("Checking") as advance:
        for done, record in enumerate(records, start=1):
            try:
                case = source.load(record.id)
                masks += case.lesion_mask is not None
                new = [one for one in case.warnings if one not in record.warnings]
                warnings += [f"{record.id}: {one}" for one in new]
            except CaseError as problem:
                unreadable.append(f"{record.id}: {problem}")
            advance(done, len(records), "")
    for line in warnings[:_MAX_WARNINGS]:
        typer.echo(f"Warning: {line}")
    if len(warnings) > _MAX_WARNINGS:
        more = counted(len(warnings) - _MAX_WARNINGS, "more warning", "more warnings")
        typer.echo(f"{more} of single files.")
    for line in unreadable:
        typer.echo(f"Unreadable: {line}")
    read = counted(len(records) - len(unreadable), "case", "cases")
    typer.echo(f"{read} read, {masks} with a lesion mask.")
    if unreadable:
        raise CaseError(
            f"{len(unreadable)} of {len(records)} cases of {source.name} cannot be read; they are "
            "listed above."
        )

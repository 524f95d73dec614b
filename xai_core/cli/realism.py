"""The verb ``realism``: measure phantoms and real images and compare them."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import Force, Limit, open_cases
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.cases.base import CaseSource
    from xai_core.study.realism.compare import KindComparison
    from xai_core.study.realism.measure import Measurement
    from xai_core.types import CaseRecord


class Images(enum.StrEnum):
    """Which images to compare."""

    LOW_ENERGY = "low-energy"
    RECOMBINED = "recombined"
    BOTH = "both"


def realism(
    phantoms: Annotated[
        str, typer.Argument(help="'library' or a folder of phantoms.", metavar="PHANTOMS")
    ],
    real: Annotated[str, typer.Option(help="A CDD-CESM release folder.", metavar="FOLDER")],
    images: Annotated[Images, typer.Option(help="Which images to compare.")] = Images.BOTH,
    even_patients: Annotated[
        bool,
        typer.Option(
            "--even-patients",
            help="Only real patients with an even number, to whom greys fits nothing.",
        ),
    ] = False,
    limit: Limit = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for realism.md and measurements.csv.", metavar="DIR")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Also draw ten of each, side by side (.png).")
    ] = None,
    mixed: Annotated[
        Path | None,
        typer.Option(help="Only draw phantoms and real images mixed, unlabelled (.png)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which are mixed, and how.")] = 0,
    force: Force = False,
) -> None:
    """Measure phantoms and real images and compare: texture, grey levels, shape, skin, lesions.

    Only images whose pathology is given count. Each is scaled to 512 px and padded to a square.
    Distributions are compared by the Kolmogorov-Smirnov statistic, one image of each patient. At
    the end, how well the strongest of five classifiers tells phantoms from real images; this takes
    minutes. The pictures show real patients: keep them out of what you publish. With --mixed
    nothing is measured: look at the sheet first, then read its key.

    \b
    Example:
      python -m xai_core realism library --real CDD-CESM --out realism
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.study.realism.compare import compare_kind
    from xai_core.study.realism.measure import KINDS, measurable
    from xai_core.study.realism.mosaic import (
        check_out,
        check_picture,
        write_mixed,
        write_out,
        write_picture,
    )

    kinds = KINDS if images is Images.BOTH else (str(images),)
    real_source, phantom_source = open_cases(real, limit), open_cases(phantoms, limit)
    request = {
        "phantoms": phantom_source.name, "real": real_source.name, "images": list(kinds),
        "even_patients": even_patients, "limit": limit,
    }  # fmt: skip
    if out is not None:
        check_out(out, request, force=force)
    if pictures is not None:
        check_picture(pictures, force=force)
    real_records = measurable(real_source, limit, even_patients=even_patients)
    phantom_records = measurable(phantom_source, limit)
    if mixed is not None:
        both = ((phantom_source, phantom_records), (real_source, real_records))
        check_picture(mixed, force=force, option="--mixed")
        key = write_mixed(mixed, both, seed, kinds)
        typer.echo(f"{mixed}: from left to right and from the top: {', '.join(key)}.")
        return
    of_real = _measured(real_source, real_records, kinds)
    of_phantoms = _measured(phantom_source, phantom_records, kinds)
    findings = []
    for kind in kinds:
        with progress_bar(f"Classifiers, {kind}:") as advance:
            findings.append(compare_kind(of_real, of_phantoms, kind, progress=advance))
    _print_tables(findings)
    if out is not None:
        write_out(out, request, findings, of_real, of_phantoms)
        typer.echo(f"{out}: realism.md and measurements.csv.")
    if pictures is not None:
        sides = ((phantom_source, phantom_records), (real_source, real_records))
        write_picture(pictures, sides, kinds)
        typer.echo(f"{pictures}: phantoms above real images.")


def _measured(
    source: CaseSource, records: tuple[CaseRecord, ...], kinds: tuple[str, ...]
) -> list[Measurement]:
    """The measurements of the images of ``records``; unreadable ones are named on standard error.

    Raises:
        CaseError: no image can be read.
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.study.realism.measure import measure_source

    measurements: list[Measurement] = []
    with progress_bar(f"Measuring {source.name}") as advance:
        for done, result in enumerate(measure_source(source, records, kinds), start=1):
            if isinstance(result, CaseError):
                typer.echo(f"Left out: {records[done - 1].id}: {result}", err=True)
            else:
                measurements += result
            advance(done, len(records), "")
    if not measurements:
        raise CaseError(
            f"{source.name} has no image to measure: none with a known pathology can be read."
        )
    return measurements


def _print_tables(findings: list[KindComparison]) -> None:
    """Print the tables; quantities whose distributions differ are bold."""
    from rich.console import Console
    from rich.table import Table

    from xai_core.study.realism.compare import HEAD, cells, sentences

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    for finding in findings:
        table = Table(*HEAD, title=finding.title)
        for line in finding.lines:
            table.add_row(
                *cells(line),
                style="bold" if line.distance is not None and line.distance.differs else None,
            )
        console.print(table)
        for text in sentences(finding):
            console.print(text, soft_wrap=True, markup=False)

"""The verb ``greys``: fit the generator's model of grey levels to real images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import Limit, open_cases
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.cases.base import CaseSource
    from xai_core.study.realism.grey_model import GreyFigures, GreyModel


def greys(
    real: Annotated[str, typer.Argument(help="A CDD-CESM release folder.", metavar="FOLDER")],
    all_patients: Annotated[
        bool,
        typer.Option(
            "--all-patients",
            help="All patients, also the even ones that are kept for testing.",
        ),
    ] = False,
    limit: Limit = None,
) -> None:
    """Fit the phantoms' model of grey levels to real images, beside the constants in the code.

    Only images of patients with an odd number are used. Prints, for low-energy and recombined
    images, mean and standard deviation of fourteen figures (logarithms of percentiles and of the
    skin profile), how far the generator's constants are from them, and the fitted constants as
    code. Nothing is written and no phantom changes.

    \b
    Example:
      python -m xai_core greys CDD-CESM
    """
    from rich.console import Console
    from rich.table import Table

    from xai_core.study.realism.grey_model import HEAD, as_code, fit_grey_model, rows, sentences

    source = open_cases(real, limit)
    figures = _figures(source, all_patients, limit)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    for kind, constants in _constants().items():
        fit = fit_grey_model(figures, kind)
        table = Table(*HEAD, title=f"{kind.capitalize()} images")
        for row in rows(fit, constants):
            table.add_row(*row)
        console.print(table)
        for text in sentences(fit, constants):
            console.print(text, soft_wrap=True, markup=False)
        typer.echo(f"\n{as_code(fit)}\n")


def _constants() -> dict[str, GreyModel]:
    """The models in the code, by kind of image."""
    import numpy as np

    from xai_core.phantom import recombined_tone, tone
    from xai_core.study.realism.grey_model import FIGURES, GreyModel
    from xai_core.study.realism.measure import LOW_ENERGY, RECOMBINED

    return {
        LOW_ENERGY: GreyModel(tone.MEAN, np.ones(FIGURES), tone.COMPONENTS),
        RECOMBINED: GreyModel(
            recombined_tone.MEAN, recombined_tone.SPREAD, recombined_tone.COMPONENTS
        ),
    }


def _figures(source: CaseSource, all_patients: bool, limit: int | None) -> list[GreyFigures]:
    """The figures of a source's images; unreadable cases are named on standard error."""
    from xai_core.cli.terminal import progress_bar
    from xai_core.study.realism.grey_model import fittable, grey_figures
    from xai_core.study.realism.measure import each_case

    found: list[GreyFigures] = []
    records = fittable(source, all_patients=all_patients, limit=limit)
    with progress_bar(f"Measuring {source.name}") as advance:
        for done, result in enumerate(each_case(source, records, grey_figures), start=1):
            if isinstance(result, CaseError):
                typer.echo(f"Left out: {records[done - 1].id}: {result}", err=True)
            else:
                found += result
            advance(done, len(records), "")
    return found

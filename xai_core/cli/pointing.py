"""The verb ``pointing``: the pointing game for maps, compared with baselines."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xai_core.cli.options import (
    EvenPatients,
    Force,
    Layer,
    Limit,
    Method,
    NoStore,
    Source,
    Threshold,
    Weights,
    open_cases,
    open_explainer,
)
from xai_core.errors import CaseError

if TYPE_CHECKING:
    from xai_core.study.pointing import PointingRow


def pointing(
    source: Source,
    method: Method = "grad-cam",
    layer: Layer = "",
    target: Annotated[
        str,
        typer.Option(
            help="Class to explain: predicted, or one of the model's (benign or malignant)."
        ),
    ] = "malignant",
    channels: Annotated[
        int | None,
        typer.Option(help="Score-CAM: only the first N channels (without: all).", metavar="N"),
    ] = None,
    even_patients: EvenPatients = False,
    limit: Limit = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pointing.md and pointing.csv.", metavar="DIR")
    ] = None,
    weights: Weights = None,
    threshold: Threshold = None,
    no_store: NoStore = False,
    force: Force = False,
) -> None:
    """The pointing game: how often the map's peak falls on a marked finding.

    Over malignant cases with something marked, a hit within 15 px on the network's grid. Beside it,
    by the same rule: an untrained network's maps, the brightest spot, the centre of the breast, and
    chance. A map that beats none of them has not found the lesion.

    \b
    Example:
      python -m xai_core pointing library --limit 10 --out pointing
    """
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.explainer import Explainer
    from xai_core.explain.identity import decision_fields
    from xai_core.explain.request import ExplainRequest
    from xai_core.model.initialisation import untrained
    from xai_core.study.pointing import About, markdown, measure
    from xai_core.study.result_folder import StudyFolder
    from xai_core.study.selection import select_cases

    request = ExplainRequest(method, layer, target, curves="none").with_options(channels=channels)
    opened = open_cases(source, limit)
    records = select_cases(opened, malignant=True, even_patients=even_patients, limit=limit)
    explainer = open_explainer(weights, no_store, threshold=threshold)
    spec = explainer.classifier.spec
    request.check_target(spec.class_names)
    model_layer = explainer.classifier.layer(layer)
    request = dataclasses.replace(request, layer=model_layer.name)
    fields = {
        "source": opened.name, **decision_fields(spec), "method": method, "layer": request.layer,
        "target": target, "channels": channels, "even_patients": even_patients, "limit": limit,
    }  # fmt: skip
    folder = None if out is None else StudyFolder(out, "pointing", "pointing.csv", fields)
    if folder is not None:
        folder.check(force=force)
    untrained_explainer = Explainer(untrained(explainer.classifier))
    rows: list[PointingRow] = []
    unreadable = 0
    with progress_bar("Pointing") as advance:
        for done, record in enumerate(records, start=1):
            try:
                row = measure(explainer, untrained_explainer, opened.load(record.id), request)
                rows += [row] if row is not None else []
            except CaseError as problem:
                unreadable += 1
                typer.echo(f"Left out: {record.id}: {problem}", err=True)
            advance(done, len(records), "")
    if not rows:
        raise CaseError(
            f"No malignant case of {opened.name} has a mark that can be read ({len(records)} "
            "tried); the pointing game needs marked findings."
        )
    unmarked = len(records) - unreadable - len(rows)
    about = About(
        opened.name, opened.is_phantom, request, spec, len(records), unmarked, unreadable,
        request.title(model_layer),
    )  # fmt: skip
    document = markdown(rows, about)
    typer.echo(document)
    if folder is not None:
        folder.write(document, [_table_row(row) for row in rows])
        typer.echo(f"{folder.out}: pointing.md and pointing.csv.")


def _table_row(row: PointingRow) -> dict[str, Any]:
    """A case's row of the table."""
    values: dict[str, Any] = {
        "case_id": row.case_id,
        "patient_id": row.patient_id,
        "probability_malignant": row.probability_malignant,
        "called_malignant": row.called_malignant,
    }
    for name, result in row.results.items():
        peak = (None, None) if result.peak is None else result.peak
        values[f"{name}_state"] = result.state
        values[f"{name}_row"], values[f"{name}_column"] = peak
        values[f"{name}_distance"], values[f"{name}_hit"] = result.distance, result.hit
    values["chance_within"], values["chance_inside"] = row.chance.within, row.chance.inside
    values["erased_malignant"] = row.erased_malignant
    return {**values, **dataclasses.asdict(row.overlap)}

"""The verb ``explain``: one image, one map, its curves."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import (
    Force,
    Layer,
    Method,
    NoStore,
    Threshold,
    Ties,
    Weights,
    open_explainer,
    read_options,
)

if TYPE_CHECKING:
    from xai_core.explain.explanation import Explanation


def explain(
    image: Annotated[
        str, typer.Argument(help="PNG, JPEG, TIFF or DICOM file, or library:ID.", metavar="IMAGE")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    method: Method = "grad-cam",
    layer: Layer = "",
    target: Annotated[
        str,
        typer.Option(
            help="Class to explain: predicted, or one of the model's (benign or malignant)."
        ),
    ] = "predicted",
    curves: Annotated[
        str, typer.Option(help="Insertion and deletion: none, adaptive, fine or full.")
    ] = "adaptive",
    ties: Ties = "expected",
    levels: Annotated[
        str | None,
        typer.Option(
            help="Hybrid-CAM's area levels in percent. [default: 1,2,3,5,10,20,35,50,70,90]"
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(help="Score-CAM: only the first N channels, or “all”.", metavar="N"),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="An option of the method; may be given several times.", metavar="NAME=VALUE"
        ),
    ] = None,
    reliability: Annotated[
        bool,
        typer.Option(
            "--reliability",
            help="Also the curves with ties by index, of random and centre-first orders and with "
            "another baseline, and ROAD.",
        ),
    ] = False,
    weights: Weights = None,
    threshold: Threshold = None,
    no_store: NoStore = False,
    force: Force = False,
) -> None:
    """Explain one image: where the model looked, and whether that holds.

    Writes into --out: manifest.json (prediction, levels, AUCs, conventions, digests, geometry),
    heatmap.npy (float32, in [0, 1], on the network's grid), input.npy (float32, what the network
    saw, normalised), curves.csv (fraction, insertion, deletion) and overlay.png (in the image's own
    size). Adaptive curves are scored at different fractions: curves.csv has a row for each, empty
    where a curve was not scored there; with no curves it has its header alone.

    \b
    Example:
      python -m xai_core explain library:PH-0001 --method hybrid-cam --out result
    """
    started = time.perf_counter()
    from xai_core.cli.terminal import progress_bar
    from xai_core.explain.explanation import Progress
    from xai_core.explain.request import ExplainRequest
    from xai_core.explain.result_files import (
        FILES,
        MADE_BY,
        manifest,
        open_image,
        request_fields,
        write_files,
    )
    from xai_core.files import whole_folder, writing
    from xai_core.output import check_folder

    switches = {"levels": levels, "channels": channels}
    request = ExplainRequest(
        method, layer, target, curves=curves, reliability=reliability, ties=ties
    ).with_options(**read_options(option or (), switches))
    named = open_image(image)
    explainer = open_explainer(weights, no_store, threshold=threshold)
    spec = explainer.classifier.spec
    request.check_target(spec.class_names)
    request = dataclasses.replace(request, layer=explainer.classifier.layer(layer).name)
    fields = request_fields(request, named, spec)
    check_folder(out, MADE_BY, fields, FILES.__contains__, force=force)
    for warning in named.case.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    for name in request.unread_options():
        typer.echo(f"Warning: {method} does not read the option “{name}”.", err=True)
    loaded = time.perf_counter()

    with progress_bar("Explaining") as advance:

        def watch(progress: Progress) -> None:
            advance(progress.done, progress.total, progress.stage)

        answer = explainer.explain(named.case, request, watch)
    network_input = explainer.classifier.normalise(answer.prepared.grey)[0].cpu().numpy()
    seconds = {
        "loading": round(loaded - started, 4),
        **answer.seconds,
        "total": round(time.perf_counter() - started, 4),
    }
    with writing(out), whole_folder(out) as folder:
        record = manifest(answer, named, spec, seconds)
        write_files(folder, answer, named.case, network_input, record)
    typer.echo(_summary(out, answer))


def _summary(out: Path, answer: Explanation) -> str:
    """A complete result in one line."""
    from xai_core.types import MapState

    names, positive = answer.class_names, answer.positive
    summary = (
        f"{out}: {names[answer.predicted]}, P({names[positive]}) "
        f"{answer.prediction.probabilities[positive]:.3f}; {answer.title} for {answer.target_name}"
    )
    if answer.heatmap and not answer.heatmap.state.ranked:
        return f"{summary}: {answer.heatmap.state}, so there is nothing to rank."
    if answer.heatmap and answer.heatmap.state is MapState.NEARLY_EMPTY:
        summary += f" (the map is {answer.heatmap.state})"
    if answer.curves is None:
        return f"{summary}."
    insertion, deletion = answer.curves.insertion, answer.curves.deletion
    summary += (
        f": insertion AUC {insertion.auc:.3f} +- {insertion.error:.3f}, "
        f"deletion AUC {deletion.auc:.3f} +- {deletion.error:.3f}."
    )
    if not answer.curves.interpretable:
        summary += " Not interpretable: blurring the whole image does not lower the score."
    return summary

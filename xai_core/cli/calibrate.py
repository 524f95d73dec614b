"""The verb ``calibrate``: fit temperature and bias of finished weights, fold them into the head."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xai_core.cli.options import Force
from xai_core.errors import BadRequest
from xai_core.files import writing
from xai_core.list_text import counted
from xai_core.output import check_file

if TYPE_CHECKING:
    from xai_core.training.validate import Validation

_COMPARED = 20  # phantoms on which the written file is compared with the fit


def calibrate(
    weights: Annotated[Path, typer.Option(help="Weights file to calibrate (.safetensors).")],
    out: Annotated[Path, typer.Option(help="Weights file to write (.safetensors).")],
    work: Annotated[
        Path, typer.Option(help="Folder for backgrounds; those that are there are used again.")
    ] = Path("work/train"),
    validation: Annotated[int, typer.Option(min=20, help="Phantoms that are fitted to.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the phantoms' lesions.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    force: Force = False,
) -> None:
    """Calibrate finished weights: make P agree with how often phantoms are malignant.

    Draws the validation phantoms as train does (same split; give the same seed and number), fits a
    temperature and a bias of the logits, folds both into the head, and writes the weights with
    their specification. After that the larger logit decides. Prints AUC, sensitivity, specificity
    and calibration error before and after.

    \b
    Example:
      python -m xai_core calibrate --weights my_weights.safetensors --out calibrated.safetensors
    """
    if out.suffix != ".safetensors":
        raise BadRequest(f"--out is {out.name!r}; give a file that ends in .safetensors.")
    import os

    if os.path.realpath(out) == os.path.realpath(weights):
        raise BadRequest("--out names the weights that are calibrated; give another file.")
    for written in (out, out.with_suffix(".json")):
        check_file(written, force=force)
    import torch

    from xai_core.model.weights import load
    from xai_core.training import validate
    from xai_core.training.data import make_backgrounds
    from xai_core.training.device import choose_device
    from xai_core.training.export import write

    chosen = choose_device(device)
    spec, read = load(weights)
    if len(spec.class_names) != 2:
        raise BadRequest(
            f"{weights.name} has {len(spec.class_names)} classes; temperature and bias are fitted "
            "for two."
        )
    network = validate.as_exported(read)  # what is fitted is what will be stored
    typer.echo(f"Drawing {validation} backgrounds ...", err=True)
    unseen = make_backgrounds(work, "validation", validation, os.cpu_count() or 1)

    def logits_of(trunk: torch.nn.Module, count: int) -> validate.Logits:
        return validate.validation_logits(
            trunk.to(chosen), unseen[:count], seed, spec.input_size, chosen, spec.mean, spec.std
        )

    typer.echo("Scoring them ...", err=True)
    logits, truth = logits_of(network, validation)
    found = validate.calibrate(logits, truth, spec.threshold, spec.positive)
    validate.fold(network, found.recalibration, spec.positive)
    command = (
        f"python -m xai_core calibrate --weights {weights.name} --validation {validation} "
        f"--seed {seed} --device {chosen.type} --out {out.name}"
    )
    calibration = {
        "command": command, "parent": spec.sha256,
        **dataclasses.asdict(found.recalibration), "before": dataclasses.asdict(found.before),
    }  # fmt: skip
    metrics = {**spec.metrics, "validation": dataclasses.asdict(found.after)}
    calibrated = dataclasses.replace(spec, threshold=0.5, metrics=metrics, calibration=calibration)
    with writing(out):
        write(network, out, calibrated)
    count = min(_COMPARED, validation)
    again, _ = logits_of(load(out)[1], count)
    difference = float(abs(again - found.logits[:count]).max())
    typer.echo(
        f"{out}: temperature {found.recalibration.temperature:.3f}, "
        f"bias {found.recalibration.bias:+.3f}, fitted to {validation} validation phantoms, "
        f"{int(truth.sum())} of them {spec.class_names[spec.positive]}"
    )
    typer.echo(_line(f"before, at P = {found.before.threshold:g}", found.before))
    typer.echo(_line("after, at the larger logit", found.after))
    typer.echo(
        f"logits of the written file differ from the fit by at most {difference:.1e} "
        f"({counted(count, 'phantom', 'phantoms')})"
    )


def _line(title: str, result: Validation) -> str:
    return (
        f"{title}: AUC {result.auc:.3f} ({result.low:.3f} to {result.high:.3f}), "
        f"sensitivity {100 * result.sensitivity:.1f} %, "
        f"specificity {100 * result.specificity:.1f} %, "
        f"calibration error {result.calibration_error:.3f}"
    )

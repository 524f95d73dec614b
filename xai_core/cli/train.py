"""The verb ``train``: fit the classifier on generated phantoms."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from xai_core.errors import BadRequest, CannotCalibrate
from xai_core.files import writing
from xai_core.list_text import names
from xai_core.output import check_file

_ROUNDING_CASES = 20  # phantoms on which the rounded weights are compared with the exact ones


def train(
    out: Annotated[Path, typer.Option(help="Weights file to write (.safetensors).")],
    work: Annotated[
        Path, typer.Option(help="Folder for backgrounds and checkpoints; a run resumes from it.")
    ] = Path("work/train"),
    minutes: Annotated[float, typer.Option(min=0.1, help="Budget of training time.")] = 120.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, lesions and crops.")] = 0,
    backgrounds: Annotated[
        int, typer.Option(min=1, help="Phantom backgrounds, each dressed with many lesions.")
    ] = 1000,
    validation: Annotated[int, typer.Option(min=20, help="Phantoms for calibration.")] = 200,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Stop each phase after this many steps, too.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Begin with these weights (.safetensors) instead of anew."),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option(
            help="A CDD-CESM folder: marked images of odd-numbered patients are mixed in."
        ),
    ] = None,
    leave_out: Annotated[
        str,
        typer.Option(
            help="Parts to train without, to see what each is worth: own, erased, pasted, phantoms "
            "(ways of showing real tissue), evidence (the loss on where the evidence lies)."
        ),
    ] = "",
    compiled: Annotated[
        bool,
        typer.Option("--compile/--no-compile", help="Compile the network (needs g++)."),
    ] = False,
    network: Annotated[
        str, typer.Option(help="Any ConvNeXt V2 of timm: convnextv2_atto, _nano, _tiny, _base ...")
    ] = "convnextv2_tiny",
    size: Annotated[
        int, typer.Option(help="Side of the network's input in px, a multiple of 32 from 128.")
    ] = 384,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            "--drawers",
            min=1,
            help="Processes that draw pictures: one for each core but one beside a graphics card, "
            "else one thread. Another number draws other pictures.",
        ),
    ] = None,
) -> None:
    """Fit a ConvNeXt V2 on generated phantoms, within a budget of minutes.

    Crops about lesions first, whole images after; from scratch, or from the weights of --from, with
    real images among them if --real names a folder. Stop with Ctrl-C and run the same command to go
    on.

    Example: python -m xai_core train --minutes 100 --compile --out my_weights.safetensors
    """
    if out.suffix != ".safetensors":
        raise BadRequest(f"--out is {out.name!r}; give a file that ends in .safetensors.")
    check_file(out, force=True)
    from xai_core.model.weights import load
    from xai_core.training.data import make_backgrounds
    from xai_core.training.device import choose_device
    from xai_core.training.export import export
    from xai_core.training.loop import Run, training_bar
    from xai_core.training.network import TIMM_NAME
    from xai_core.training.plan import SIZE, plan_for
    from xai_core.training.real import read_real
    from xai_core.training.validate import (
        as_exported,
        calibrate,
        fold,
        validate,
        validation_logits,
    )

    chosen = choose_device(device)
    on_gpu = chosen.type == "cuda"
    cores = os.cpu_count() or 1
    workers = workers or (max(1, cores - 1) if on_gpu else 1)
    plan = plan_for(
        minutes, seed, gpu=on_gpu, steps=steps, pretrained=start is not None,
        real=real is not None, workers=workers, timm_name=network, size=size,
        left_out=names(leave_out),
    )  # fmt: skip
    start_weights = load(start) if start else None
    if start_weights and start_weights[0].timm_name != network:
        raise BadRequest(
            f"The weights of --from are of {start_weights[0].timm_name}, --network is {network}; "
            "give the same network."
        )
    pictures = read_real(real, plan.size) if real else []
    typer.echo(f"Drawing {backgrounds} + {validation} backgrounds ...", err=True)
    tissue = make_backgrounds(work, "train", backgrounds, cores)
    unseen = make_backgrounds(work, "validation", validation, cores)

    run = Run(plan, work, chosen, compiled)
    if run.resume():
        typer.echo(f"Going on in phase {run.state.phase + 1}, step {run.state.step}.", err=True)
    elif start_weights:
        run.start_from(start_weights[1].state_dict())
    with training_bar() as log:
        run.train(tissue, log, real=pictures)

    exact = run.averaged_trunk
    trunk = as_exported(exact)
    logits, truth = validation_logits(trunk, unseen, seed, plan.size, run.device)
    compared = unseen[:_ROUNDING_CASES]
    unrounded, _ = validation_logits(exact, compared, seed, plan.size, run.device)
    rounding_error = float(abs(unrounded - logits[: len(compared)]).max())
    calibration: dict[str, Any] = {}
    try:
        calibrated = calibrate(logits, truth)
    except CannotCalibrate as problem:  # the weights are of use all the same
        typer.echo(f"Not calibrated: {problem}", err=True)
        result = validate(logits, truth)
    else:
        fold(trunk, calibrated.recalibration)
        result = calibrated.after
        calibration = {
            **dataclasses.asdict(calibrated.recalibration),
            "before": dataclasses.asdict(calibrated.before),
        }
    command = (
        f"python -m xai_core train --minutes {minutes:g} --seed {seed} --backgrounds {backgrounds}"
        f" --validation {validation}{f' --steps {steps}' if steps else ''}"
        f"{f' --from {start.name}' if start else ''}{f' --real {real.name}' if real else ''}"
        f"{f' --network {network}' if network != TIMM_NAME else ''}"
        f"{f' --size {size}' if size != SIZE else ''}"
        f"{f' --leave-out {leave_out}' if leave_out else ''}"
        f"{' --compile' if compiled else ''}{f' --workers {workers}' if workers > 1 else ''}"
        f" --device {run.device.type} --out {out.name}"
    )
    with writing(out):
        export(
            trunk, out, command=command, timm_name=plan.timm_name, size=plan.size,
            metrics={
                "validation": dataclasses.asdict(result), "steps": run.steps_done,
                "float16_logits_differ_by": rounding_error,
            },
            calibration=calibration, real_images=len(pictures),
            parent=start_weights[0].sha256 if start_weights else None,
        )  # fmt: skip
    typer.echo(
        f"{out}: validation AUC {result.auc:.3f} ({result.low:.3f} to {result.high:.3f}, "
        f"{result.images} phantoms), "
        f"sensitivity {result.sensitivity:.2f}, specificity {result.specificity:.2f}; "
        f"rounding to float16 changes logits by at most {rounding_error:.4f} "
        f"({len(compared)} phantoms)"
    )

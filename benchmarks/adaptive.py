"""Adaptive curves against full ones: forward passes, error of the areas, and its estimate."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.bench import Bench
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.options import CamOptions
from xai_core.faithfulness.adaptive import TOLERANCE, adaptive
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import patch_order
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.types import no_report

HEAD = (
    "Adaptive curves", "pairs", "forward passes, most", "median", "AUC error, most", "median",
    f"within {TOLERANCE}", "within the estimate",
)  # fmt: skip


def rows(bench: Bench, pairs: int) -> Iterator[tuple[str, ...]]:
    """One row over ``pairs`` (image, Grad-CAM map) pairs: both layers of images spread over the
    library, each with its predicted class."""
    records = bench.source.records()
    # 37 and the library's 141 share no divisor: each case once, far from the one before.
    ids = (records[k * 37 % len(records)].id for k in range(len(records)))
    found = []
    for pair in itertools.islice((pair for i in ids for pair in _pairs(bench, i)), pairs):
        found.append(pair)
        sys.stderr.write(f"{len(found)} of {pairs}: {_line(*pair)}\n")
        sys.stderr.flush()
    passes = [few.images for few, _ in found]
    errors = [max(_errors(*pair)) for pair in found]
    covered = [
        true[0] <= pair[0].insertion.error and true[1] <= pair[0].deletion.error
        for pair in found
        for true in (_errors(*pair),)
    ]
    error = np.array(errors)
    yield (
        "against all 577 points",
        str(len(error)),
        str(max(passes)),
        f"{np.median(passes):.0f}",
        f"{error.max():.4f}",
        f"{np.median(error):.4f}",
        f"{100 * (error <= TOLERANCE).mean():.0f} %",
        f"{100 * np.mean(covered):.0f} %",
    )


def _line(few: CurvePair, every: CurvePair) -> str:
    apart = _errors(few, every)
    return f"{few.images} passes; " + ", ".join(
        f"{curve.kind} off by {off:.4f}, stated {curve.error:.4f}"
        for curve, off in zip((few.insertion, few.deletion), apart, strict=True)
    )


def _errors(few: CurvePair, every: CurvePair) -> tuple[float, float]:
    """How far the areas of insertion and deletion are from those of all points."""
    return (
        abs(few.insertion.auc - every.insertion.auc),
        abs(few.deletion.auc - every.deletion.auc),
    )


def _pairs(bench: Bench, case_id: str) -> Iterator[tuple[CurvePair, CurvePair]]:
    context = bench.fresh(bench.source.load(case_id))
    target = context.prediction().predicted(bench.classifier.spec.threshold)
    for layer in (layer.name for layer in bench.classifier.layers):
        found = (
            GradCam().compute(context.layer_inputs(layer), target, CamOptions(), no_report).heatmap
        )
        if not found.state.ranked:
            continue
        order = patch_order(found.values)
        probe = PerturbationProbe(context.x, context.baseline, target, context.logit_cache)
        yield adaptive(probe, order), full(probe, order)

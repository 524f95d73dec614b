"""Insertion and deletion curves of one map, compared with torch-cam's metric and RISE's loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchcam.metrics import DeletionInsertionMetric

from benchmarks.bench import LAYER, TARGET, Bench, beside_peers
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.options import CamOptions
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import GRID, Order, patch_order
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.types import no_report

HEAD = ("Insertion and deletion", "points", "ours, s", "peer, s", "peer / ours", "AUCs differ by")


class _Map:
    """Gives torch-cam's metric a finished map."""

    def __init__(self, model: torch.nn.Module, cam: Tensor) -> None:
        self.model, self.cam = model, cam

    def __call__(self, *_: Any, **__: Any) -> list[Tensor]:
        return [self.cam[None]]

    def fuse_cams(self, cams: list[Tensor]) -> Tensor:
        return cams[0]

    def _hooks_off(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def rows(bench: Bench, points: int) -> Iterator[tuple[str, ...]]:
    """One row per peer; ``points``: intervals per curve, at most 576, a divisor of it."""
    patches = GRID**2
    step = patches // points
    context = bench.fresh()
    found = GradCam().compute(context.layer_inputs(LAYER), TARGET, CamOptions(), no_report)
    order = patch_order(found.heatmap.values)
    x, baseline = context.x, context.baseline
    ranked = _as_pixels(order, x.shape[-1])

    def ours() -> tuple[float, float]:
        own = bench.fresh()
        pair = full(
            PerturbationProbe(own.x, own.baseline, TARGET, own.logit_cache), order, step=step
        )
        return pair.insertion.auc, pair.deletion.auc

    def torch_cam() -> tuple[float, float]:
        metric = DeletionInsertionMetric(
            _Map(bench.network, torch.from_numpy(ranked)),
            lambda logits: torch.softmax(logits, -1),
            steps=points,
            baseline=baseline[None],
            batch_size=bench.classifier.chunk,
        )
        metric.update(x[None], TARGET)
        summary = metric.summary()
        return summary["insertion_auc"], summary["deletion_auc"]

    def rise() -> tuple[float, float]:
        insertion = _rise(bench.network, baseline, x, ranked, points)
        return insertion, _rise(bench.network, x, baseline, ranked, points)

    peers = {"torch-cam": torch_cam, "a loop as RISE's": rise}
    for name, mine, took, theirs, peer_took in beside_peers(ours, peers):
        apart = max(abs(a - b) for a, b in zip(mine, theirs, strict=True))
        yield (
            name,
            str(points + 1),
            str(took),
            str(peer_took),
            peer_took.times(took),
            f"{apart:.1e}",
        )


def _as_pixels(order: Order, size: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A map whose pixels rank as the patches do: 576 distinct values, whole patches."""
    rank = np.empty(len(order), np.float32)
    rank[order] = np.arange(len(order), 0, -1)
    side = size // GRID
    return np.kron(rank.reshape(GRID, GRID), np.ones((side, side), np.float32))


def _rise(model: torch.nn.Module, start: Tensor, finish: Tensor, ranked: Any, points: int) -> float:
    """One curve's area as RISE's published code computes it: one image at a time, in a loop."""
    pixels = np.argsort(-ranked.ravel(), kind="stable")
    step = len(pixels) // points
    image, target = start.clone().flatten(1), finish.flatten(1)
    scores = np.empty(points + 1)
    with torch.no_grad():
        for i in range(points + 1):
            logits = model(image.view(1, *start.shape))
            scores[i] = float(torch.softmax(logits, 1)[0, TARGET])
            changed = torch.from_numpy(pixels[step * i : step * (i + 1)])
            image[:, changed] = target[:, changed]
    return float((scores.sum() - scores[0] / 2 - scores[-1] / 2) / points)

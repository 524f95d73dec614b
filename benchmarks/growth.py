"""Scaling: time by channels, points and concurrent requests; memory over many cases."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Callable, Iterator

from benchmarks.bench import LAYER, TARGET, Bench, clocked, resident
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.options import CamOptions
from xai_core.cam.score_cam import ScoreCam, ScoreCamOptions
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import GRID, patch_order
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.types import no_report

HEAD = ("How cost grows", "amount", "wall s", "per unit", "MiB")


def rows(bench: Bench, cases: int) -> Iterator[tuple[str, ...]]:
    """``cases``: how many are explained one after the other, all different."""
    for channels in (12, 24, 48):
        yield _row("Score-CAM, channels", channels, lambda n=channels: _channels(bench, n))  # type: ignore[misc]
    for points in (12, 24, 48):
        yield _row("curves, points", points, lambda n=points: _points(bench, n))  # type: ignore[misc]
    yield _row("one asker, 24 channels", 1, lambda: _channels(bench, 24))
    yield _row("two askers at once, 24 channels each", 2, lambda: _together(bench))
    yield from _memory(bench, cases)


def _row(name: str, amount: int, work: Callable[[], object]) -> tuple[str, ...]:
    took = clocked(work)[1]
    per_unit = f"{took.wall / amount:.3f}"
    return name, str(amount), f"{took.wall:.1f}", per_unit, f"{took.memory:.0f}"


def _channels(bench: Bench, n: int) -> object:
    layer_inputs = bench.fresh().layer_inputs(LAYER)
    return ScoreCam().compute(layer_inputs, TARGET, ScoreCamOptions(channels=n), no_report)


def _points(bench: Bench, n: int) -> object:
    own = bench.fresh()
    found = GradCam().compute(own.layer_inputs(LAYER), TARGET, CamOptions(), no_report).heatmap
    probe = PerturbationProbe(own.x, own.baseline, TARGET, own.logit_cache)
    return full(probe, patch_order(found.values), step=GRID**2 // n)


def _together(bench: Bench) -> None:
    askers = [threading.Thread(target=_channels, args=(bench, 24)) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()


def _memory(bench: Bench, cases: int) -> Iterator[tuple[str, ...]]:
    """Memory in use after each fifth of the cases, above what was in use before the first."""
    explainer = Explainer(bench.classifier)
    records = (bench.source.records() * cases)[:cases]
    start = _in_use()
    every = max(1, cases // 5)
    for done, record in enumerate(records, 1):
        request = ExplainRequest(layer=LAYER, target="malignant", curves="none")
        explainer.explain(bench.source.load(record.id), request)
        if done % every == 0:
            yield (
                "cases explained, memory since the first",
                str(done),
                "",
                "",
                str(round(_in_use() - start)),
            )


def _in_use() -> float:
    """MiB resident after free memory was returned to the system: how much of it the C library keeps
    depends on the order of allocations (malloc_trim(3), only in glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident()

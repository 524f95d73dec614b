"""Waiting times on a running server: a precomputed case, other levels, the first curves."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import LAYER, Bench, clocked
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Progress
from xai_core.explain.request import ExplainRequest
from xai_core.scoring.disk_store import DiskStore
from xai_core.types import DENSE_LEVELS, PAPER_LEVELS

HEAD = ("Waiting", "wall s, median", "most", "forward passes")


class _Enough(Exception):
    pass


def rows(bench: Bench, repeats: int) -> Iterator[tuple[str, ...]]:
    """The waiting times; the precomputed case is loaded from its file, with nothing in memory."""
    request = ExplainRequest("hybrid-cam", LAYER)
    dense = dataclasses.replace(request, curves="none").with_options(levels=DENSE_LEVELS)
    with tempfile.TemporaryDirectory() as folder:
        store = DiskStore(Path(folder))
        yield _first_curve(bench, request)
        for precomputed in (dense, request):
            Explainer(bench.classifier, store).explain(bench.case, precomputed)

        def explain_stored() -> int:
            case = bench.source.load(bench.case.id)
            return (
                Explainer(bench.classifier, DiskStore(Path(folder))).explain(case, request).forwards
            )

        yield _row(
            "a ready case, Hybrid-CAM with curves",
            [clocked(explain_stored) for _ in range(repeats)],
        )
        explainer = Explainer(bench.classifier, store)
        explainer.explain(bench.case, request)
        others = [
            dense.with_options(levels=tuple(p for p in PAPER_LEVELS if p != left_out))
            for left_out in PAPER_LEVELS[:repeats]
        ]
        yield _row(
            "another choice of levels",
            [clocked(lambda o=o: explainer.explain(bench.case, o).forwards) for o in others],  # type: ignore[misc]
        )


def _first_curve(bench: Bench, request: ExplainRequest) -> tuple[str, ...]:
    """Grad-CAM of a new image, until the map and both curves can be drawn."""
    explainer = Explainer(bench.classifier)

    def watch(seen: Progress) -> None:
        curves = seen.so_far.curves
        if curves is not None and min(len(curves.insertion.fraction), 9) >= 5:
            raise _Enough

    def first() -> int:
        with contextlib.suppress(_Enough):
            explainer.explain(bench.case, dataclasses.replace(request, method="grad-cam"), watch)
        return explainer.context(bench.case).logit_cache.forwards

    return _row("the first curves of an unknown image, Grad-CAM", [clocked(first)])


def _row(name: str, found: list) -> tuple[str, ...]:  # type: ignore[type-arg]
    walls = [took.wall for _, took in found]
    passes = max(forwards for forwards, _ in found)
    return name, f"{statistics.median(walls):.3f}", f"{max(walls):.3f}", str(passes)

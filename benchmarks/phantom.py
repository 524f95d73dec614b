"""The generator's speed: tissue, a pair of views, and another lesion in tissue that is known.

There is no peer to time: what is public either draws one image of one kind or needs a day for a
breast.  On one thread, as when a library or training pictures are drawn.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.bench import Bench, Took, clocked
from xai_core.phantom.generate import SPLIT_SEEDS, generate, insert_lesions
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.tissue import draw_background
from xai_core.types import Pathology

HEAD = ("Drawing on one thread", "times", "wall s, median", "most", "processor s, median")
VIEWS = ("CC", "MLO")
_CLASSES = (Pathology.MALIGNANT, Pathology.BENIGN)


def rows(bench: Bench, repeats: int) -> Iterator[tuple[str, ...]]:  # noqa: ARG001 - as all have
    """``repeats``: breasts, each of another seed of the training split."""
    seeds = [SPLIT_SEEDS["train"] + i for i in range(repeats)]
    with threadpool_limits(1):
        yield _row("normal tissue of a view, 512 px", [
            lambda seed=seed, view=view: draw_background(seed, view, 512)  # type: ignore[misc]
            for seed, view in itertools.product(seeds, VIEWS)
        ])  # fmt: skip
        yield _row("both images of both views, 768 px", [
            lambda seed=seed: [  # type: ignore[misc]
                generate(seed, Pathology.MALIGNANT, view, height=768, recombined=True)
                for view in VIEWS
            ]
            for seed in seeds
        ])  # fmt: skip
        known = [draw_background(seed, VIEWS[i % 2], 512) for i, seed in enumerate(seeds)]
        yield _row("new lesions in known tissue, 512 px", [
            lambda seed=seed, tissue=tissue, label=label: insert_lesions(  # type: ignore[misc]
                seed, tissue, label
            )
            for (seed, tissue), label in itertools.product(
                zip(seeds, known, strict=True), _CLASSES
            )
        ])  # fmt: skip
        yield _row("one new lesion in known tissue, 512 px", [
            lambda seed=seed, tissue=tissue: insert_lesions(  # type: ignore[misc]
                seed, tissue, Pathology.MALIGNANT, plans=_one_plan(seed)
            )
            for seed, tissue in zip(seeds, known, strict=True)
        ])  # fmt: skip


def _one_plan(seed: int) -> tuple[LesionPlan, ...]:
    return plan_lesions(np.random.default_rng(seed), Pathology.MALIGNANT)[:1]


def _row(name: str, works: list[Callable[[], object]]) -> tuple[str, ...]:
    took: list[Took] = [clocked(work)[1] for work in works]
    wall = [one.wall for one in took]
    return (
        name, str(len(took)), f"{statistics.median(wall):.2f}", f"{max(wall):.2f}",
        f"{statistics.median([one.processor for one in took]):.2f}",
    )  # fmt: skip

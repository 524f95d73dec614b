"""How much of the machine's own matrix-product rate scoring uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench import Bench, clocked

HEAD = ("Scoring", "images/s", "per processor second", "Gflop/s", "of the matmul rate")
_SIDE = 2048


def rows(bench: Bench, repeats: int) -> Iterator[tuple[str, ...]]:
    """The best of ``repeats`` rounds for the matrix product, the reference and the engine."""
    chunk = bench.classifier.chunk
    x = bench.fresh().x[None].expand(chunk, -1, -1, -1).contiguous()
    a = torch.randn(_SIDE, _SIDE, device=x.device)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        bench.network(x[:1])
    per_image = counter.get_total_flops() / 1e9
    product = 2 * _SIDE**3 / 1e9

    engine = bench.classifier.engine
    ways: dict[str, Callable[[], object]] = {"matmul": lambda: (a @ a).cpu()}
    ways["PyTorch, eager"] = lambda: engine.reference(x).cpu()
    ways[engine.status.title] = lambda: engine.score(x)  # the same line where PyTorch is the engine
    best: dict[str, tuple[float, float]] = {}
    for _ in range(repeats):  # in turn, so that a disturbance meets all of them
        for name, work in ways.items():
            took = clocked(work)[1]
            old = best.get(name, (float("inf"), float("inf")))
            best[name] = (min(old[0], took.wall), min(old[1], took.processor))
    peak = product / best["matmul"][0]
    yield (f"matmul {_SIDE} x {_SIDE}, float32", "", "", f"{peak:.1f}", "1")
    for name in list(ways)[1:]:
        wall, processor = best[name]
        rate = per_image * chunk / wall
        yield (
            name,
            f"{chunk / wall:.2f}",
            f"{chunk / processor:.2f}",
            f"{rate:.1f}",
            f"{rate / peak:.2f}",
        )

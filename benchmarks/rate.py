"""The rate of scoring, relative to the machine's rate of matrix products.

The rate is that of PyTorch's matmul.  On some processors its library does not use the widest
instructions; the same product as a 1 x 1 convolution, which another library computes, then shows
what the machine can do.  Both are printed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench import Bench, Took, clocked

HEAD = ("Scoring", "images/s", "per processor second", "Gflop/s", "of the matmul rate")
_SIDE = 2048
_MATMUL = f"matmul {_SIDE} x {_SIDE}, float32"
_CONVOLVED = "about the same as a 1 x 1 convolution"


def rows(bench: Bench, repeats: int) -> Iterator[tuple[str, ...]]:
    """The median of ``repeats`` rounds for the matrix product, the reference and the engine.

    The product is repeated until it counts about as many operations as scoring does: a machine that
    others share is faster for a moment now and then, and short work alone would fit into it.
    """
    chunk = bench.classifier.chunk
    x = bench.fresh().x[None].expand(chunk, -1, -1, -1).contiguous()
    a = torch.randn(_SIDE, _SIDE, device=x.device)
    side = math.isqrt(_SIDE)  # as many places as make about that many rows
    picture = torch.randn(1, _SIDE, side, side, device=x.device)
    picture = picture.contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(_SIDE, _SIDE, 1, 1, device=x.device)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        bench.network(x[:1])
    per_image = counter.get_total_flops() / 1e9
    products = {_MATMUL: 2 * _SIDE**3 / 1e9, _CONVOLVED: 2 * _SIDE**2 * side**2 / 1e9}

    engine = bench.classifier.engine
    times = {name: max(1, round(per_image * chunk / one)) for name, one in products.items()}
    products = {name: one * times[name] for name, one in products.items()}

    def multiply() -> None:
        for _ in range(times[_MATMUL]):
            product = a @ a
        product.cpu()

    def convolve() -> None:
        for _ in range(times[_CONVOLVED]):
            product = torch.nn.functional.conv2d(picture, kernel)
        product.cpu()

    ways: dict[str, Callable[[], object]] = {_MATMUL: multiply, _CONVOLVED: convolve}
    ways["PyTorch, eager"] = lambda: engine.reference(x).cpu()
    ways[engine.status.title] = lambda: engine.score(x)  # the same line where PyTorch is the engine
    rounds: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(repeats):  # in turn, so that a disturbance affects all of them
        for name, work in ways.items():
            rounds[name].append(clocked(work)[1])
    middle = {
        name: (median(t.wall for t in took), median(t.processor for t in took))
        for name, took in rounds.items()
    }
    peak = products[_MATMUL] / middle[_MATMUL][0]
    for name, amount in products.items():
        own = amount / middle[name][0]
        yield name, "", "", f"{own:.1f}", f"{own / peak:.2f}"
    for name in list(ways)[len(products) :]:
        wall, processor = middle[name]
        rate = per_image * chunk / wall
        yield (
            name,
            f"{chunk / wall:.2f}",
            f"{chunk / processor:.2f}",
            f"{rate:.1f}",
            f"{rate / peak:.2f}",
        )

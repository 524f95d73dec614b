"""Shared parts of the benchmarks: the classifier and case, timing, and comparison with peers."""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from xai_core.cases.base import CaseSource
from xai_core.cases.sources.open_source import open_source
from xai_core.explain.image_context import ImageContext
from xai_core.model.classifier import Classifier
from xai_core.preprocessing.identity import pixels_sha256
from xai_core.settings import Settings
from xai_core.types import Case

LAYER, TARGET = "stage 3", 1  # its last block, malignant
MODULE = "stages.2"  # its output is that of its last block, the same layer
T = TypeVar("T")
P = TypeVar("P")


@dataclass(frozen=True)
class Took:
    """Wall seconds, and processor seconds of all threads, which other programs disturb less.
    ``memory``: MiB resident at most while it ran, above what was resident before."""

    wall: float
    processor: float
    memory: float = 0.0

    def times(self, other: Took) -> str:
        """How many times as long as ``other`` this took: wall (processor)."""
        return f"{self.wall / other.wall:.2f} ({self.processor / other.processor:.2f})"

    def mean_with(self, later: Took) -> Took:
        """The mean of two times, the larger of two memories."""
        return Took(
            (self.wall + later.wall) / 2,
            (self.processor + later.processor) / 2,
            max(self.memory, later.memory),
        )

    def __str__(self) -> str:
        return f"{self.wall:.1f} ({self.processor:.1f})"


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """MiB of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def clocked(work: Callable[[], T]) -> tuple[T, Took]:
    """The result of ``work``, the time it took and its peak memory."""
    gc.collect()
    ended = threading.Event()
    before = most = resident()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.02):
            most = max(most, resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    wall, processor = time.perf_counter(), _processor()
    answer = work()
    took = time.perf_counter() - wall, _processor() - processor
    ended.set()
    watcher.join()
    return answer, Took(*took, max(most, resident()) - before)


def beside_peers(
    ours: Callable[[], T], peers: Mapping[str, Callable[[], P]]
) -> Iterator[tuple[str, T, Took, P, Took]]:
    """For each peer: its name, our result and time, its result and time.

    Ours runs before and after every peer, and its time is the mean of the two, since the speed of a
    shared machine changes from one minute to the next.
    """
    _, before = clocked(ours)
    for name, peer in peers.items():
        theirs, took = clocked(peer)
        mine, after = clocked(ours)
        yield name, mine, before.mean_with(after), theirs, took
        before = after


@dataclass(frozen=True, eq=False)
class Bench:
    """The classifier with its engine prepared, and one built-in case without cached scores."""

    classifier: Classifier
    case: Case
    start: Took
    source: CaseSource

    def fresh(self, case: Case | None = None) -> ImageContext:
        """A new context of ``case`` (default: the first case), without cached scores."""
        image = (case or self.case).image
        return ImageContext(
            self.classifier, self.classifier.prepare(image), None, pixels_sha256(image)
        )

    @property
    def network(self) -> torch.nn.Module:
        """The module itself, for the peers, which take one."""
        return self.classifier.network


def open_bench(settings: Settings) -> Bench:
    """The settings' classifier and engine, and the first case of the library.

    Raises:
        XaiError: the cases or the weights cannot be used.
    """
    source = open_source("library", settings)
    case = source.load(source.records()[0].id)
    classifier = Classifier.open(settings.weights, settings.device, settings.batch)

    def prepare() -> None:
        classifier.accelerate(settings.engine, settings.store)
        classifier.wait_for_engine()

    _, start = clocked(prepare)
    bench = Bench(classifier, case, start, source)
    context = bench.fresh()  # one pass to initialise thread pools and kernels of this batch size
    classifier.score(context.x[None].expand(classifier.chunk, -1, -1, -1))
    classifier.engine.reference(context.x[None].expand(classifier.chunk, -1, -1, -1))
    return bench

"""Each step's pictures, drawn ahead of the network's work: by one thread, or by processes in turn.

One thread is enough where the network computes on the same processor.  A graphics card learns
faster than one can draw.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from types import TracebackType

import torch

from xai_core.phantom.background import Background
from xai_core.training.drawer import Drawer
from xai_core.training.plan import Plan
from xai_core.training.real import RealImage
from xai_core.training.sample import Batch

_AHEAD = 2  # steps begun for each drawer


class Batches:
    """The batches of ``plan``; a context manager, at whose end the drawers end.

    ``passed(phase)``: the share of that phase's time that is over.  ``real``: images for the phases
    with a share of them.
    """

    def __init__(
        self, plan: Plan, backgrounds: list[Background], real: list[RealImage],
        passed: Callable[[int], float],
    ) -> None:  # fmt: skip
        self.passed = passed
        self._soon: dict[tuple[int, int], Future[Batch]] = {}
        if plan.drawers == 1:
            drawer = Drawer(plan, backgrounds, real)
            self._lanes: list[Executor] = [ThreadPoolExecutor(1)]
            self._draw: Callable[[int, int, float], Batch] = drawer.draw
            return
        # A forked drawer shares the backgrounds' memory; where nothing forks they are sent to it.
        forks = "fork" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if forks else None)
        self._draw = _draw
        self._lanes = [
            ProcessPoolExecutor(1, context, _begin, (plan, backgrounds, real, lane, plan.drawers))
            for lane in range(plan.drawers)
        ]

    def __enter__(self) -> Batches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for lane in self._lanes:
            lane.shutdown(wait=False, cancel_futures=True)

    def take(self, phase: int, step: int) -> Batch:
        """That step's batch of the plan's phase of that number; the next ones are begun."""
        wanted = [(phase, step + i) for i in range(_AHEAD * len(self._lanes))]
        for late in self._soon.keys() - set(wanted):
            self._soon.pop(late).cancel()
        for at in wanted:
            if at not in self._soon:
                lane = self._lanes[at[1] % len(self._lanes)]
                self._soon[at] = lane.submit(self._draw, *at, self.passed(phase))
        return self._soon.pop((phase, step)).result()


_drawer: Drawer  # of this process, where drawers are processes


def _begin(
    plan: Plan, backgrounds: list[Background], real: list[RealImage], lane: int, lanes: int
) -> None:
    global _drawer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's, which then ends its drawers
    torch.set_num_threads(1)  # each has one core; and threads begun before a fork are lost in it
    _drawer = Drawer(plan, backgrounds, real, lane, lanes)


def _draw(phase: int, step: int, passed: float) -> Batch:
    return _drawer.draw(phase, step, passed)

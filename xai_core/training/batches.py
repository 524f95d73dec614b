"""Batches of training pictures, drawn by workers ahead of time.

One drawer's pictures: new ones, and some that it drew for a step before.

Several drawers take turns: of ``lanes`` drawers, number ``lane`` draws the steps whose remainder by
``lanes`` is its own.  A step's choice comes from (seed, phase, lane, the drawer's own step), and an
image from (seed, phase, lane, its number), so a resumed run sees the pictures it would have seen.

Each step's pictures, drawn ahead of the network's work: by one thread, or by processes in turn.

One thread is enough where the network computes on the same processor.  A graphics card learns
faster than one can draw."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from types import TracebackType

import numpy as np
import torch

from xai_core.phantom.tissue import Background
from xai_core.training.data import draw_crop, draw_image, draw_pathology
from xai_core.training.plan import Plan
from xai_core.training.real import RealImage, draw_real
from xai_core.training.sample import Batch, Sample, flipped, shrunk

_REMEMBERED = 3000  # images to draw crops from again, over all drawers
_STREAM = 3000  # sets the images' random numbers apart from the steps'; not zero, which pads
_DRESSED = 3  # for each real image, two phantom lesions in the tissue of one


class Drawer:
    """Draws a plan's steps of one lane.  ``real``: images for the phases with a share of them."""

    def __init__(
        self, plan: Plan, backgrounds: list[Background], real: list[RealImage],
        lane: int = 0, lanes: int = 1,
    ) -> None:  # fmt: skip
        self.plan, self.backgrounds, self.real = plan, backgrounds, real
        self.lane, self.lanes = lane, lanes
        self.remembered = max(1, _REMEMBERED // lanes)
        self._images: dict[tuple[int, int], Sample] = {}

    def draw(self, phase: int, step: int, passed: float = 0.0) -> Batch:
        """A step's whole images, or a crop of each.  ``passed``: the share of the phase's time that
        is over, for the lesions' contrast.

        One crop an image: two of the same lesion teach little more than one.  The first step draws
        all its images: there are none before it.
        """
        what = self.plan.phases[phase]
        own = step // self.lanes
        rng = np.random.default_rng((self.plan.seed, phase, self.lane, own))
        whole = what.crop == self.plan.size // what.shrink
        new = max(1, round(what.fresh * what.batch))  # at each step but the first
        first = new * own
        numbers = list(range(first, first + (new if own else what.batch)))
        if own:
            again = rng.integers(max(0, first - self.remembered), first, what.batch - new)
            numbers += [int(number) for number in again]
        samples = []
        for number in numbers:
            image = self._image(phase, number, number // new, passed)
            samples.append(flipped(rng, image if whole else draw_crop(rng, image, what.crop)))
        return Batch.of(samples)

    def _image(self, phase: int, number: int, own: int, passed: float) -> Sample:
        """The phase's image of that number, first drawn for the drawer's step ``own``; the latest
        are kept."""
        known = self._images.get((phase, number))
        if known is None:
            what = self.plan.phases[phase]
            rng = np.random.default_rng((self.plan.seed, phase, self.lane, number, _STREAM))
            gain = what.gain_at(what.fraction(own * self.lanes + self.lane, passed))
            drawn = self.draw_whole(rng, what.real, gain)
            known = self._images[phase, number] = shrunk(drawn, what.shrink)
            while len(self._images) > self.remembered + what.batch:
                self._images.pop(next(iter(self._images)))
        return known

    def draw_whole(self, rng: np.random.Generator, real: float, gain: float) -> Sample:
        """A real image, with a chance of ``real``; a phantom lesion in a real image's tissue; or,
        mostly, a phantom."""
        kind = rng.random() if self.real else 1.0
        if kind < real:
            return draw_real(rng, self.real)
        backgrounds = self.backgrounds
        if kind < _DRESSED * real:
            backgrounds = [self.real[int(rng.integers(len(self.real)))].tissue]
        return draw_image(rng, backgrounds, self.plan.size, gain, draw_pathology(rng))


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

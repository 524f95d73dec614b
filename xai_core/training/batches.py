"""Batches of training samples, drawn ahead of time by one thread or by several processes.

One thread is enough where the network computes on the same processor; a graphics card needs more
samples than one thread can draw.  Several sample workers take turns: of ``workers`` workers, number
``index`` draws the steps with ``step % workers == index``.  A batch consists of crops (or whole
images) of new images and of images drawn for earlier steps.  The random numbers of a step depend on
(seed, phase, index, the worker's own step count), those of an image on (seed, phase, index, image
number), so that a resumed run draws the same samples as an uninterrupted one.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from types import TracebackType

import numpy as np
from threadpoolctl import threadpool_limits

from xai_core.phantom.tissue import Background
from xai_core.training.data import draw_crop, draw_image, draw_pathology, one_thread
from xai_core.training.plan import Plan
from xai_core.training.real import RealImage
from xai_core.training.real_samples import PHANTOMS, WAYS, draw_way
from xai_core.training.sample import Batch, Sample, flipped, shrunk

_CACHED = 3000  # images kept for further crops, over all workers
# Separates the random numbers of images from those of steps; not 0, since trailing zeros of a seed
# make no difference.
_STREAM = 3000


# --- One worker -------------------------------------------------------------------------------


class SampleWorker:
    """Draws the batches of one worker's steps.  ``real``: images for phases with a share of real
    images."""

    def __init__(
        self, plan: Plan, backgrounds: list[Background], real: list[RealImage],
        index: int = 0, workers: int = 1,
    ) -> None:  # fmt: skip
        self.plan, self.backgrounds, self.real = plan, backgrounds, real
        self.index, self.workers = index, workers
        self.cached = max(1, _CACHED // workers)
        self._images: dict[tuple[int, int], Sample] = {}

    def draw(self, phase: int, step: int, time_share: float = 0.0) -> Batch:
        """The batch of a step: whole images, or one crop of each image.  ``time_share``: the share
        of the phase's time that has passed, for the lesions' contrast.

        One crop per image, since two crops of the same lesion add little.  The worker's first step
        draws only new images, since there are no earlier ones.
        """
        settings = self.plan.phases[phase]
        own = step // self.workers
        rng = np.random.default_rng((self.plan.seed, phase, self.index, own))
        whole = settings.crop == self.plan.size // settings.shrink
        new = max(1, round(settings.fresh * settings.batch))  # per step, except the first
        first = new * own
        numbers = list(range(first, first + (new if own else settings.batch)))
        if own:
            again = rng.integers(max(0, first - self.cached), first, settings.batch - new)
            numbers += [int(number) for number in again]
        samples = []
        for number in numbers:
            image = self._image(phase, number, number // new, time_share)
            samples.append(flipped(rng, image if whole else draw_crop(rng, image, settings.crop)))
        return Batch.of(samples)

    def _image(self, phase: int, number: int, own: int, time_share: float) -> Sample:
        """The phase's image ``number``, which is first used in the worker's step ``own``; the
        latest images are cached."""
        image = self._images.get((phase, number))
        if image is None:
            settings = self.plan.phases[phase]
            rng = np.random.default_rng((self.plan.seed, phase, self.index, number, _STREAM))
            step = own * self.workers + self.index
            gain = settings.gain_at(settings.fraction(step, time_share))
            drawn = self.draw_whole(rng, settings.real, gain)
            image = self._images[phase, number] = shrunk(drawn, settings.shrink)
            while len(self._images) > self.cached + settings.batch:
                self._images.pop(next(iter(self._images)))
        return image

    def draw_whole(self, rng: np.random.Generator, real: float, gain: float) -> Sample:
        """A sample of a real image, with probability ``real``, in one of the plan's ways; else a
        phantom."""
        backgrounds = self.backgrounds
        if self.real and rng.random() < real:
            way = draw_way(rng, self.plan.ways)
            if way != PHANTOMS:
                return WAYS[way](rng, self.real)
            backgrounds = [self.real[int(rng.integers(len(self.real)))].tissue]
        return draw_image(rng, backgrounds, self.plan.size, gain, draw_pathology(rng))


# --- All workers ------------------------------------------------------------------------------

_AHEAD = 2  # steps submitted ahead of time per worker


class Batches:
    """The batches of ``plan``; a context manager that shuts the workers down at its end.

    ``time_share(phase)``: the share of that phase's time that has passed.  ``real``: images for
    phases with a share of real images.
    """

    def __init__(
        self, plan: Plan, backgrounds: list[Background], real: list[RealImage],
        time_share: Callable[[int], float],
    ) -> None:  # fmt: skip
        self.time_share = time_share
        self._submitted: dict[tuple[int, int], Future[Batch]] = {}
        if plan.workers == 1:
            worker = SampleWorker(plan, backgrounds, real)
            # Beside PyTorch's threads, NumPy's would only wait for a core.
            threadpool_limits(1, user_api="blas")
            self._executors: list[Executor] = [ThreadPoolExecutor(1)]
            self._draw: Callable[[int, int, float], Batch] = worker.draw
            return
        # A forked worker shares the backgrounds' memory; else they are copied to it.
        can_fork = "fork" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if can_fork else None)
        self._draw = _draw
        self._executors = [
            ProcessPoolExecutor(1, context, _start, (plan, backgrounds, real, index, plan.workers))
            for index in range(plan.workers)
        ]

    def __enter__(self) -> Batches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for executor in self._executors:
            executor.shutdown(wait=False, cancel_futures=True)

    def take(self, phase: int, step: int) -> Batch:
        """The batch of ``step`` in the phase with index ``phase``; the following ones are submitted
        to the workers."""
        wanted = [(phase, step + i) for i in range(_AHEAD * len(self._executors))]
        for stale in self._submitted.keys() - set(wanted):
            self._submitted.pop(stale).cancel()
        for at in wanted:
            if at not in self._submitted:
                executor = self._executors[at[1] % len(self._executors)]
                self._submitted[at] = executor.submit(self._draw, *at, self.time_share(phase))
        return self._submitted.pop((phase, step)).result()


_worker: SampleWorker  # of this process, where the workers are processes


def _start(
    plan: Plan, backgrounds: list[Background], real: list[RealImage], index: int, workers: int
) -> None:
    """Initialise a worker process."""
    global _worker
    # The main process handles Ctrl-C and then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one_thread()  # threads do not survive a fork
    _worker = SampleWorker(plan, backgrounds, real, index, workers)


def _draw(phase: int, step: int, time_share: float) -> Batch:
    return _worker.draw(phase, step, time_share)

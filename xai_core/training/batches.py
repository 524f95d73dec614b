"""The pictures of each step: new ones, and some that were drawn for a step before.

A step's choice comes from (seed, phase, step), and an image from (seed, phase, its number), so a
resumed run sees the pictures it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from xai_core.phantom.background import Background
from xai_core.training.data import draw_crop, draw_image, draw_pathology
from xai_core.training.plan import Phase, Plan
from xai_core.training.real import RealImage, draw_real
from xai_core.training.sample import Sample, flipped, shrunk

_REMEMBERED = 3000  # images to draw crops from again
_STREAM = 3000  # sets the images' random numbers apart from the steps'; not zero, which pads
_DRESSED = 3  # for each real image, two phantom lesions in the tissue of one


class Batches:
    """Draws for ``plan``, one step ahead, beside the network's work on the step before.

    ``gain(phase, step)``: what multiplies the lesions' contrast.  ``real``: images for the phases
    with a share of them.
    """

    def __init__(
        self, plan: Plan, backgrounds: list[Background], real: list[RealImage],
        gain: Callable[[Phase, int], float],
    ) -> None:  # fmt: skip
        self.plan, self.backgrounds, self.real, self.gain = plan, backgrounds, real, gain
        self._drawer = ThreadPoolExecutor(1)
        self._soon: dict[tuple[int, int], Future[list[Sample]]] = {}
        self._images: dict[tuple[int, int], Sample] = {}

    def take(self, phase: int, step: int) -> list[Sample]:
        """That step's batch of the plan's phase of that number; the next one is begun."""
        # One drawer: what is remembered is touched by one thread alone.
        now = self._soon.pop((phase, step), None) or self._drawer.submit(self.draw, phase, step)
        self._soon = {(phase, step + 1): self._drawer.submit(self.draw, phase, step + 1)}
        return now.result()

    def draw(self, phase: int, step: int) -> list[Sample]:
        """A batch: whole images, or a crop of each.

        One crop an image: two of the same lesion teach little more than one.  The first step draws
        all its images: there are none before it.
        """
        what = self.plan.phases[phase]
        rng = np.random.default_rng((self.plan.seed, phase, step))
        whole = what.crop == self.plan.size // what.shrink
        new = max(1, round(what.fresh * what.batch))  # at each step but the first
        first = new * step
        numbers = list(range(first, first + (new if step else what.batch)))
        if step:
            again = rng.integers(max(0, first - _REMEMBERED), first, what.batch - new)
            numbers += [int(number) for number in again]
        images = (flipped(rng, self._image(phase, number, number // new)) for number in numbers)
        return [image if whole else draw_crop(rng, image, what.crop) for image in images]

    def _image(self, phase: int, number: int, step: int) -> Sample:
        """The phase's image of that number, first drawn for that step; the latest are kept."""
        known = self._images.get((phase, number))
        if known is None:
            what = self.plan.phases[phase]
            rng = np.random.default_rng((self.plan.seed, phase, number, _STREAM))
            drawn = self.draw_whole(rng, what.real, self.gain(what, step))
            known = self._images[phase, number] = shrunk(drawn, what.shrink)
            while len(self._images) > _REMEMBERED + what.batch:
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

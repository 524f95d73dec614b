"""One drawer's pictures: new ones, and some that it drew for a step before.

Several drawers take turns: of ``lanes`` drawers, number ``lane`` draws the steps whose remainder by
``lanes`` is its own.  A step's choice comes from (seed, phase, lane, the drawer's own step), and an
image from (seed, phase, lane, its number), so a resumed run sees the pictures it would have seen.
"""

from __future__ import annotations

import numpy as np

from xai_core.phantom.background import Background
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

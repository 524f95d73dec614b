"""One training picture and what it teaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xai_core.training.words import NOTHING, Words
from xai_core.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Sample:
    """``image``: float32 (S, S) in [0, 1] as the network sees it.  ``mask``: bool (S, S).
    ``target``: the probability of malignancy to learn, in [0, 1].  ``classed``: whether the image's
    class counts in the loss, or its mask alone.  ``words``: the lesion's descriptors."""

    image: FloatArray
    mask: BoolArray
    target: float
    classed: bool = True
    words: Words = NOTHING


def shrunk(sample: Sample, by: int) -> Sample:
    """The picture at a ``by``-th of its side: means of its pixels, any of its mask's."""
    if by == 1:
        return sample
    side = sample.image.shape[0] // by
    image = sample.image[: side * by, : side * by].reshape(side, by, side, by)
    mask = sample.mask[: side * by, : side * by].reshape(side, by, side, by)
    some = np.asarray(mask.any((1, 3)))
    return replace(sample, image=image.mean((1, 3), dtype=np.float32), mask=some)


def flipped(rng: np.random.Generator, sample: Sample) -> Sample:
    """The picture mirrored at random: left to right in one case of two, top to bottom in one of
    four."""
    image, mask = sample.image, sample.mask
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    if rng.random() < 0.25:
        image, mask = image[::-1], mask[::-1]
    return replace(sample, image=np.ascontiguousarray(image), mask=np.ascontiguousarray(mask))

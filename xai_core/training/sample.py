"""One training picture: its crop, its targets, the words it is described by.

A lesion's descriptors as numbers, so that the network can be asked for them while it learns.

A label says one bit of a lesion; its descriptors say which cue the bit hangs on.  The heads that
name them are dropped at export, as the dense ones are.

One training picture and what it teaches; a step's worth of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.phantom.kinds import KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.types import BoolArray, FloatArray

TABLES: dict[str, tuple[str, ...]] = {"kind": tuple(kind.name for kind in KINDS)} | {
    term: tuple(table) for kind in KINDS for term, table in kind.terms.items()
}
"""Term -> its values; a value's place in the tuple is its number."""

UNKNOWN = -1
Words = tuple[int, ...]
"""One number per term of ``TABLES``; ``UNKNOWN`` where the term does not apply or is not given."""

NOTHING: Words = (UNKNOWN,) * len(TABLES)


def words_of(plans: Sequence[LesionPlan]) -> Words:
    """The numbers of a breast's lesions, which share their descriptors."""
    if not plans:
        return NOTHING
    said = {"kind": plans[0].kind, **plans[0].descriptors}
    return tuple(
        values.index(said[term]) if term in said else UNKNOWN for term, values in TABLES.items()
    )


_TISSUE = 0.05  # of the grey range: darker is outside of the breast
_EVERY = 4  # px: tissue is looked for on a grid


@dataclass(frozen=True, eq=False)
class Sample:
    """``image``: float32 (S, S) in [0, 1] as the network sees it.  ``mask``: bool (S, S).
    ``target``: the probability of malignancy to learn, in [0, 1].  ``classed``: whether the image's
    class counts in the loss, or its mask alone.  ``words``: the lesion's descriptors.

    Where its lesions and its tissue are is found once: many crops are drawn from one picture.
    """

    image: FloatArray
    mask: BoolArray
    target: float
    classed: bool = True
    words: Words = NOTHING

    @cached_property
    def lesion_pixels(self) -> NDArray[np.int64]:
        """(n, 2): rows and columns inside the mask."""
        return np.argwhere(self.mask)

    @cached_property
    def tissue_pixels(self) -> NDArray[np.int64]:
        """(n, 2): rows and columns on the breast, every fourth."""
        return np.argwhere(self.image[::_EVERY, ::_EVERY] > _TISSUE) * _EVERY

    @cached_property
    def parts(self) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """The mask's connected parts: int16 (S, S), numbered from 1, and the pixels of each."""
        numbered = np.zeros(self.mask.shape, np.int16)
        found = int(ndi.label(self.mask, output=numbered))
        return numbered, np.bincount(numbered.ravel(), minlength=found + 1)[1:]


@dataclass(frozen=True, eq=False)
class Batch:
    """A step's pictures, stacked.  ``images``: float32 (B, S, S).  ``masks``: bool (B, S, S).
    ``targets``, ``classed``: float32 (B,).  ``words``: int64 (B, terms)."""

    images: FloatArray
    masks: BoolArray
    targets: FloatArray
    classed: FloatArray
    words: NDArray[np.int64]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Batch:
        """The samples, which are of one size, in their order."""
        return cls(
            np.stack([s.image for s in samples]),
            np.stack([s.mask for s in samples]),
            np.array([s.target for s in samples], np.float32),
            np.array([s.classed for s in samples], np.float32),
            np.array([s.words for s in samples], np.int64),
        )


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

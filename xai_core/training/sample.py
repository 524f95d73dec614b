"""A training sample (image, mask, targets and descriptor labels) and a batch of samples.

Besides its class, a lesion's descriptors are targets of training: they tell the network which
features the class depends on.  The heads that predict them are dropped at export, as are the dense
heads.
"""

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

# --- Descriptor labels ------------------------------------------------------------------------

DESCRIPTOR_VALUES: dict[str, tuple[str, ...]] = {"kind": tuple(kind.name for kind in KINDS)} | {
    term: tuple(table) for kind in KINDS for term, table in kind.terms.items()
}
"""Term -> its values; the label of a value is its index in the tuple."""

UNKNOWN = -1
Labels = tuple[int, ...]
"""One label per term of ``DESCRIPTOR_VALUES``; ``UNKNOWN`` where the term does not apply or is not
given."""

NO_LABELS: Labels = (UNKNOWN,) * len(DESCRIPTOR_VALUES)


def descriptor_labels(plans: Sequence[LesionPlan]) -> Labels:
    """The labels of a breast's lesions, which all have the same descriptors."""
    if not plans:
        return NO_LABELS
    known = {"kind": plans[0].kind, **plans[0].descriptors}
    return tuple(
        values.index(known[term]) if term in known else UNKNOWN
        for term, values in DESCRIPTOR_VALUES.items()
    )


# --- Samples and batches ----------------------------------------------------------------------

_TISSUE = 0.05  # grey in [0, 1]; darker pixels are outside the breast
_EVERY = 4  # px; tissue pixels are listed on a grid of this step


@dataclass(frozen=True, eq=False)
class Sample:
    """``image``: float32 (S, S) in [0, 1] on the network's grid.  ``mask``: bool (S, S).
    ``target``: the target probability of malignancy, in [0, 1].  ``class_counts``: whether the
    class counts in the loss, or only the mask.  ``labels``: the lesion's descriptor labels.

    The positions of lesions and tissue are computed once, since many crops are drawn from an image.
    """

    image: FloatArray
    mask: BoolArray
    target: float
    class_counts: bool = True
    labels: Labels = NO_LABELS

    @cached_property
    def lesion_pixels(self) -> NDArray[np.int64]:
        """(n, 2): rows and columns inside the mask."""
        return np.argwhere(self.mask)

    @cached_property
    def tissue_pixels(self) -> NDArray[np.int64]:
        """(n, 2): rows and columns on the breast, on a grid of four pixels."""
        return np.argwhere(self.image[::_EVERY, ::_EVERY] > _TISSUE) * _EVERY

    @cached_property
    def parts(self) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """The mask's connected components: int16 (S, S), numbered from 1, and the area of each in
        pixels."""
        numbered = np.zeros(self.mask.shape, np.int16)
        found = int(ndi.label(self.mask, output=numbered))
        return numbered, np.bincount(numbered.ravel(), minlength=found + 1)[1:]


@dataclass(frozen=True, eq=False)
class Batch:
    """The samples of a step, stacked.  ``images``: float32 (B, S, S).  ``masks``: bool (B, S, S).
    ``targets``, ``class_counts``: float32 (B,).  ``labels``: int64 (B, terms)."""

    images: FloatArray
    masks: BoolArray
    targets: FloatArray
    class_counts: FloatArray
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Batch:
        """The batch of ``samples``, which must be of one size."""
        return cls(
            np.stack([s.image for s in samples]),
            np.stack([s.mask for s in samples]),
            np.array([s.target for s in samples], np.float32),
            np.array([s.class_counts for s in samples], np.float32),
            np.array([s.labels for s in samples], np.int64),
        )


def shrunk(sample: Sample, by: int) -> Sample:
    """The sample reduced by a factor ``by``: means of the image's pixels; the mask is True where
    any of its pixels is."""
    if by == 1:
        return sample
    side = sample.image.shape[0] // by
    image = sample.image[: side * by, : side * by].reshape(side, by, side, by)
    mask = sample.mask[: side * by, : side * by].reshape(side, by, side, by)
    any_marked = np.asarray(mask.any((1, 3)))
    return replace(sample, image=image.mean((1, 3), dtype=np.float32), mask=any_marked)


def flipped(rng: np.random.Generator, sample: Sample) -> Sample:
    """The sample mirrored at random: left to right in one case of two, top to bottom in one of
    four."""
    image, mask = sample.image, sample.mask
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    if rng.random() < 0.25:
        image, mask = image[::-1], mask[::-1]
    return replace(sample, image=np.ascontiguousarray(image), mask=np.ascontiguousarray(mask))

"""One training picture and what it teaches."""

from __future__ import annotations

from dataclasses import dataclass

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

"""Samples made of real images, so that real tissue is shown with and without a lesion.

Nearly all marked images of a sample are malignant.  A network that saw them alone beside phantoms
would learn that real images are malignant, whatever is in them.  So the tissue of the same images
is shown in four ways, about half of them malignant:

- ``own``: the image with its own lesion;
- ``erased``: the image with its lesion erased, as not malignant;
- ``pasted``: a lesion cut out of one image and pasted into another one, whose own was erased;
- ``phantoms``: phantom lesions of both classes in the tissue, with its own sharpness and noise.

Erasing leaves traces.  So that they tell nothing about the class, half of the ``own`` images have a
place without a lesion erased, and the other two ways begin with an erased lesion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from scipy import ndimage as ndi

from xai_core.preprocessing.erasure import grown
from xai_core.training.real import RealImage
from xai_core.training.sample import Sample
from xai_core.types import BoolArray, FloatArray

T = TypeVar("T", np.float32, np.bool_)

PHANTOMS = "phantoms"
SHARES = {"own": 0.25, "erased": 0.30, "pasted": 0.15, PHANTOMS: 0.30}
"""Of the samples with real tissue, the share of each way."""

_MALIGNANT, _BENIGN = 0.95, 0.05  # target probabilities: the marks and the reports can be wrong


def draw_way(rng: np.random.Generator, ways: Sequence[str]) -> str:
    """One of ``ways``, by its share."""
    shares = np.array([SHARES[way] for way in ways])
    return str(rng.choice(list(ways), p=shares / shares.sum()))


def draw_own(rng: np.random.Generator, images: list[RealImage]) -> Sample:
    """An image with its own lesions."""
    chosen = images[int(rng.integers(len(images)))]
    image = chosen.sham if rng.random() < 0.5 else chosen.image
    target = _MALIGNANT if chosen.malignant else _BENIGN
    return _varied(rng, image, chosen.mask, target)


def draw_erased(rng: np.random.Generator, images: list[RealImage]) -> Sample:
    """An image with its lesions erased: not malignant."""
    chosen = images[int(rng.integers(len(images)))]
    return _varied(rng, chosen.erased, np.zeros_like(chosen.mask), _BENIGN)


_LARGEST = 0.2  # share of the breast above which a lesion is not pasted
_TRIED = 20


def draw_pasted(rng: np.random.Generator, images: list[RealImage]) -> Sample:
    """A lesion of one image in the tissue of another one, in a random direction.

    What is pasted is the difference between the image and the image with its lesions erased.  A
    lesion that fits nowhere gives an image with its own lesions.
    """
    source, target = (images[int(i)] for i in rng.integers(len(images), size=2))
    cut, marked = _cut_out(rng, source)
    turned = int(rng.integers(4)), rng.random() < 0.5
    patch, mask = _turned(cut, *turned), _turned(marked, *turned)
    size = len(target.image)
    rows, columns = mask.shape
    tissue = np.argwhere(target.breast & (target.erased > 0.05))
    if mask.any() and mask.sum() < _LARGEST * target.breast.sum() and len(tissue):
        for y, x in tissue[rng.integers(len(tissue), size=_TRIED)]:
            y0, x0 = int(y) - rows // 2, int(x) - columns // 2
            if y0 < 0 or x0 < 0 or y0 + rows > size or x0 + columns > size:
                continue
            here = np.s_[y0 : y0 + rows, x0 : x0 + columns]
            if not target.breast[here][mask].all():
                continue
            image, placed = target.erased.copy(), np.zeros_like(target.mask)
            image[here] = (image[here] + rng.uniform(0.85, 1.15) * patch).clip(0, 1)
            image[~target.breast] = target.erased[~target.breast]
            placed[here] = mask
            return _varied(rng, image, placed, _MALIGNANT if source.malignant else _BENIGN)
    return draw_own(rng, images)


WAYS: dict[str, Callable[[np.random.Generator, list[RealImage]], Sample]] = {
    "own": draw_own,
    "erased": draw_erased,
    "pasted": draw_pasted,
}
"""The ways that need no phantom."""


def _cut_out(rng: np.random.Generator, source: RealImage) -> tuple[FloatArray, BoolArray]:
    """What one marked lesion of an image adds to it, and its mask, in a box about it."""
    numbered, found = ndi.label(source.mask)
    if not found:
        return np.zeros((1, 1), np.float32), np.zeros((1, 1), bool)
    one = numbered == 1 + int(rng.integers(found))
    scale = source.image.shape[0] / 512
    rows, columns = (np.flatnonzero(grown(one, 2 * scale).any(axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    around = ndi.gaussian_filter(grown(one, scale)[box].astype(np.float32), 3 * scale)
    change = (source.image - source.erased)[box] * np.minimum(1, 2 * around)
    return np.asarray(change, np.float32), one[box]


def _turned(
    picture: FloatArray | BoolArray, quarters: int, mirrored: bool
) -> FloatArray | BoolArray:
    turned = np.rot90(picture, quarters)
    return turned[:, ::-1] if mirrored else turned


def _varied(rng: np.random.Generator, image: FloatArray, mask: BoolArray, target: float) -> Sample:
    """Rotated by up to 10 degrees, scaled, shifted, and with other grey levels."""
    turn, zoom = np.deg2rad(rng.uniform(-10, 10)), rng.uniform(0.88, 1.12)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / zoom
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - matrix @ centre + rng.uniform(-12, 12, 2)
    drawn = ndi.affine_transform(image, matrix, offset, order=1)
    marked = ndi.affine_transform(mask.astype(np.float32), matrix, offset, order=1) > 0.5
    drawn = drawn.clip(0, 1) ** np.exp(rng.normal(0, 0.15)) * rng.uniform(0.88, 1.12)
    return Sample(
        np.ascontiguousarray(drawn.clip(0, 1), np.float32), np.ascontiguousarray(marked), target
    )

"""A picture brought to one scale and one direction, so that pictures can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xai_core.preprocessing.breast import AIR_GREY_LEVELS, bounding_box, breast_mask
from xai_core.types import BoolArray, FloatArray

SIZE = 512


@dataclass(frozen=True, eq=False)
class Square:
    """A picture in a square of ``SIZE`` px: its longer side fills it, black fills the rest.

    The chest wall is at the left: right breasts are mirrored.

    ``grey``: float32 (SIZE, SIZE), 0..255.  ``breast``: bool, the largest region above air with
    its holes filled.  ``marked``: bool, what was marked, within the breast; None where nothing was.
    ``shown``: (rows, columns) of the square that the picture covers; the rest is padding.
    """

    grey: FloatArray
    breast: BoolArray
    marked: BoolArray | None
    shown: tuple[int, int]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) of the breast, ends exclusive; all 0 where there is no breast."""
        return bounding_box(self.breast)


def to_square(image: FloatArray, mask: BoolArray | None, laterality: str | None) -> Square:
    """The square of a picture.

    Args:
        image: float32 (H, W) in [0, 1].
        mask: bool (H, W), what was marked, or None.
        laterality: "L": chest wall at the left; "R": at the right; None: where the breast is wider.
    """
    grey = _resized(image * np.float32(255))
    breast = breast_mask(grey, air=AIR_GREY_LEVELS)
    marked = None if mask is None else _resized(mask.astype(np.float32)) >= 0.5
    if (laterality or _side(breast)) == "R":
        grey, breast = grey[:, ::-1], breast[:, ::-1]
        marked = None if marked is None else marked[:, ::-1]
    if marked is not None:
        marked = marked & breast
    return Square(
        _padded(grey),
        _padded(breast),
        _padded(marked) if marked is not None and marked.any() else None,
        (grey.shape[0], grey.shape[1]),
    )


def _side(breast: BoolArray) -> str:
    half = breast.shape[1] // 2
    return "R" if breast[:, -half:].sum() > breast[:, :half].sum() else "L"


def _resized(picture: FloatArray) -> FloatArray:
    """Scaled, antialiased, so that the longer side has ``SIZE`` px."""
    h, w = picture.shape
    scale = SIZE / max(h, w)
    if scale == 1:
        return picture
    to = (max(1, round(w * scale)), max(1, round(h * scale)))
    out = Image.fromarray(picture).resize(to, Image.Resampling.BILINEAR)
    return np.asarray(out, dtype=np.float32)


def _padded(picture: NDArray[Any]) -> NDArray[Any]:
    h, w = picture.shape
    return np.pad(picture, ((0, SIZE - h), (0, SIZE - w)))

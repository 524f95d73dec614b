"""Phantoms above real images in one picture: numbers do not see everything."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.study.realism.measure import KINDS, LOW_ENERGY, measurable
from xai_core.types import Case

TILES = 10  # of each side
HEIGHT = 360  # px of a picture, without its label
_LABEL, _GAP, _WIDTH = 14, 4, 240


def mosaic(
    phantoms: CaseSource, real: CaseSource, kinds: Sequence[str] = KINDS, limit: int | None = None
) -> NDArray[np.uint8]:
    """Two rows per kind of image: ``TILES`` phantoms, and as many real images under them.

    Cases are taken at equal steps from the first ``limit`` of each source whose pathology is
    given; the two kinds show the same cases.

    A case that cannot be read leaves its tile empty.

    Returns:
        (rows * (HEIGHT + label), TILES * width) grey levels.
    """
    sides = [_spaced(phantoms, limit), _spaced(real, limit)]
    return np.vstack([_row(cases, kind) for kind in kinds for cases in sides])


def _spaced(source: CaseSource, limit: int | None) -> list[Case]:
    records = measurable(source, limit)
    n = min(TILES, len(records))
    found = []
    for i in range(n):
        with suppress(CaseError):  # whoever measures names it
            found.append(source.load(records[i * len(records) // n].id))
    return found


def _row(cases: Sequence[Case], kind: str) -> NDArray[np.uint8]:
    tiles = [_tile(case, kind) for case in cases]
    empty = np.zeros((HEIGHT + _LABEL + _GAP, _WIDTH + _GAP), np.uint8)
    return np.hstack([*tiles, *[empty] * (TILES - len(tiles))])


def _tile(case: Case, kind: str) -> NDArray[Any]:
    """A picture ``HEIGHT`` px high, or less where it would be too wide, under its label."""
    image = case.image if kind == LOW_ENERGY else case.recombined
    tile = Image.new("L", (_WIDTH + _GAP, HEIGHT + _LABEL + _GAP))
    what = f"{'phantom ' if case.is_phantom else ''}{case.id} {case.pathology or ''}"
    ImageDraw.Draw(tile).text((2, 1), what if image is not None else f"{what}: none", fill=200)
    if image is not None:
        scale = min(HEIGHT / image.shape[0], _WIDTH / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        grey = Image.fromarray(np.rint(image * 255).astype(np.uint8))
        at = (_WIDTH - size[0] if case.laterality == "R" else 0, _LABEL)
        tile.paste(grey.resize(size, Image.Resampling.LANCZOS), at)
    return np.asarray(tile)

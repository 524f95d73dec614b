"""Does the map point where the lesion is?

The pointing game: Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016,
arXiv:1608.00507 (a hit within a tolerance of 15 pixels).  A mask that marks nothing is a state of
its own, never a hit.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai_core.errors import BadRequest
from xai_core.statistics.ranking import top_masks
from xai_core.types import BoolArray, FloatArray

TOLERANCE_PX = 15.0
TOP_AREA = 0.10


class LocalisationState(enum.StrEnum):
    """Whether localisation can be measured."""

    OK = "ok"
    NO_MASK = "nothing is marked"
    NO_MAP = "the map shows nothing"


@dataclass(frozen=True)
class Localisation:
    """Where a map points, against a mask; all but ``state`` and ``mask_area`` None unless OK.

    ``peak``: (row, column) of the map's maximum, the first in row-major order where several tie;
    ``peak_ties``: how many pixels share it.  ``distance``: pixels from the peak to the nearest
    marked pixel, 0 inside.  ``hit``: distance within the tolerance.  ``top_share``: of the map's
    top area, the share that is marked, in [0, 1]; ``top_area``: the share of the picture that top
    area really takes (ties stay together, zeros never belong).  ``mask_area``: marked share of the
    picture: what ``top_share`` is for a map that knows nothing.
    """

    state: LocalisationState
    mask_area: float
    peak: tuple[int, int] | None = None
    peak_ties: int | None = None
    distance: float | None = None
    hit: bool | None = None
    top_share: float | None = None
    top_area: float | None = None


def localise(
    values: FloatArray,
    mask: BoolArray,
    *,
    tolerance: float = TOLERANCE_PX,
    area: float = TOP_AREA,
) -> Localisation:
    """The pointing game and the share of the map's top area inside the mask.

    Args:
        values: (S, S) in [0, 1]; all 0 where the map shows nothing.
        mask: bool (S, S), on the map's grid.
        tolerance: pixels of that grid, at least 0.
        area: the top share of the picture looked at, in (0, 1].

    Raises:
        BadRequest: shapes that differ, a tolerance below 0, or an area outside (0, 1].
    """
    if values.shape != mask.shape:
        raise BadRequest(
            f"The map has shape {values.shape}, the mask {mask.shape}; they must agree."
        )
    if not tolerance >= 0 or not 0 < area <= 1:
        raise BadRequest(
            f"tolerance is {tolerance}, area is {area}; give at least 0 pixels and an area "
            "above 0 and at most 1."
        )
    mask_area = float(mask.mean())
    if not mask.any():
        return Localisation(LocalisationState.NO_MASK, mask_area)
    if not values.max() > 0:
        return Localisation(LocalisationState.NO_MAP, mask_area)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    distance = float(ndimage.distance_transform_edt(~mask)[row, column])
    top = top_masks(values, (100 * area,))[0] & (values > 0)
    return Localisation(
        LocalisationState.OK,
        mask_area,
        peak=(int(row), int(column)),
        peak_ties=int((values == values.max()).sum()),
        distance=distance,
        hit=distance <= tolerance,
        top_share=float(mask[top].mean()),
        top_area=float(top.mean()),
    )

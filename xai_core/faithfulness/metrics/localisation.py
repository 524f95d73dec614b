"""Localisation: the pointing game, and the share of a map's top area that lies on the lesion.

The pointing game: Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016,
arXiv:1608.00507 (a hit within a tolerance of 15 pixels).  An empty mask gives a state of its own,
never a hit.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from xai_core.errors import BadRequest
from xai_core.faithfulness.metric import (
    Measured,
    Measurement,
    Metric,
    MetricInputs,
    Need,
    Value,
    no_line,
)
from xai_core.findings import distances, finding_words, short_words
from xai_core.list_text import listed
from xai_core.statistics.ranking import top_masks
from xai_core.types import BoolArray, FloatArray, MarkedFinding

TOLERANCE_PX = 15.0
TOP_AREA = 0.10


class LocalisationState(enum.StrEnum):
    """Whether localisation can be measured."""

    OK = "ok"
    NO_MASK = "nothing is marked"
    NO_MAP = "the map shows nothing"


@dataclass(frozen=True)
class Localisation:
    """A map's localisation of a mask.  All but ``state`` and ``mask_area`` are None unless OK.

    ``peak``: (row, column) of the map's maximum, the first in row-major order where several tie;
    ``peak_ties``: how many pixels have the maximum.  ``distance``: pixels from the peak to the
    nearest marked pixel, 0 inside the mask.  ``hit``: whether the distance is within the tolerance.
    ``top_share``: of the map's top area, the share that is marked, in [0, 1]; ``top_area``: the
    share of the picture that the top area covers (tied pixels are all included, zeros never).
    ``mask_area``: the marked share of the picture, which is the expected ``top_share`` of a random
    map.
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
        area: the top area as a share of the picture, in (0, 1].

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


def _found(inputs: MetricInputs) -> Localisation:
    assert inputs.lesion_mask is not None  # noqa: S101 - in ``needs``
    return localise(inputs.values, inputs.lesion_mask)


def _field(name: str) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        found = inputs.once(_found)
        value: Value = getattr(found, name)
        return Measurement(value, state=str(found.state) if value is None else "")

    return compute


def _peak(axis: int) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        found = inputs.once(_found)
        if found.peak is None:
            return Measurement(None, state=str(found.state))
        return Measurement(found.peak[axis])

    return compute


def peak_words(
    peak: tuple[int, int], findings: Sequence[MarkedFinding], tolerance: float = TOLERANCE_PX
) -> str:
    """Which of the findings a map's peak lies on, and which it misses, in words.

    Args:
        peak: (row, column) on the map's grid.
        findings: on the same grid, at least one.
        tolerance: pixels of that grid within which the peak counts as on a finding.
    """
    apart = [float(distances(finding, [peak], (1.0, 1.0))[0]) for finding in findings]
    order = sorted(range(len(findings)), key=apart.__getitem__)
    reached = [index for index in order if apart[index] <= tolerance]
    if not reached:
        nearest = order[0]
        if math.isinf(apart[nearest]):
            return "on no finding: each is too small for the map's grid"
        words = finding_words(findings, nearest)
        return f"on no finding: {apart[nearest]:.0f} px from the nearest, {words}"
    first = reached[0]
    beside = f"{apart[first]:.0f} px beside" if apart[first] else "on"
    on = [f"{beside} {finding_words(findings, first)}"]
    on += [short_words(findings, index) for index in reached[1:]]
    missed = [short_words(findings, i) for i in range(len(findings)) if i not in reached]
    return " and ".join(on) + (f"; misses {listed(missed)}" if missed else "")


def _words(inputs: MetricInputs) -> Measurement:
    found = inputs.once(_found)
    if found.peak is None:
        return Measurement(None, state=str(found.state))
    return Measurement(peak_words(found.peak, inputs.findings))


def _line(measured: Measured) -> str:
    """The peak in words with the game's own terms beside them, then the map's top area."""
    names = ("hit", "peak_finding", "top_share", "mask_area")
    hit, words, top, area = (measured[name].value for name in names)
    if hit is None or top is None or area is None:
        return ""
    return (
        f"Overlap with what the source marked: peak {words} (pointing game, tolerance "
        f"{TOLERANCE_PX:g} px: {'hit' if hit else 'miss'}); of the hottest tenth {top:.0%} is "
        f"marked, of the picture {area:.1%}."
    )


_POINTING = (
    "Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016, arXiv:1608.00507"
)
_OWN = "This project's"
_SHARED: dict[str, Any] = {"needs": (Need.MAP, Need.LESION_MASK)}

METRICS = (
    Metric(
        name="hit",
        title="Pointing game",
        unit="hit or miss",
        better="higher",
        reference=_POINTING,
        description="Whether the map's peak lies within 15 px of a marked pixel, on the network's "
        "grid.",
        compute=_field("hit"),
        kind=bool,
        order=100,
        line=_line,
        **_SHARED,
    ),
    Metric(
        name="peak_finding",
        title="Finding under the peak",
        unit="words",
        better=None,
        reference=_POINTING,
        description="Which of the marked findings the map's peak lies on, by number and kind, and "
        "which it misses; within 15 px it counts as on one.",
        compute=_words,
        kind=str,
        order=101,
        averaged=False,
        line=no_line,
        **_SHARED,
    ),
    Metric(
        name="distance",
        title="Distance of the peak",
        unit="px",
        better="lower",
        reference=_POINTING,
        description="From the map's peak to the nearest marked pixel, on the network's grid; 0 "
        "inside.",
        compute=_field("distance"),
        order=101,
        line=no_line,
        **_SHARED,
    ),
    Metric(
        name="top_share",
        title="Marked share of the hottest tenth",
        unit="share of pixels",
        better="higher",
        reference=_OWN,
        description="Of the hottest tenth of the picture, the share that is marked.",
        compute=_field("top_share"),
        order=102,
        line=no_line,
        **_SHARED,
    ),
    Metric(
        name="top_area",
        title="Area of the hottest tenth",
        unit="share of pixels",
        better=None,
        reference=_OWN,
        description="The share of the picture that the hottest tenth really takes: ties stay "
        "together, zeros never belong.",
        compute=_field("top_area"),
        order=103,
        line=no_line,
        **_SHARED,
    ),
    Metric(
        name="mask_area",
        title="Marked share of the picture",
        unit="share of pixels",
        better=None,
        reference=_OWN,
        description="The marked share of the network's square: what a map that knows nothing has "
        "in its hottest tenth.",
        compute=_field("mask_area"),
        needs=(Need.LESION_MASK,),
        order=104,
        line=no_line,
    ),
    *(
        Metric(
            name=f"peak_{axis}",
            title=f"{axis.capitalize()} of the peak",
            unit="px",
            better=None,
            reference=_POINTING,
            description=f"The {axis} of the map's maximum on the network's grid, the first in "
            "row-major order where several tie.",
            compute=_peak(i),
            kind=int,
            order=105 + i,
            averaged=False,  # a mean of coordinates over images has no meaning
            line=no_line,
            **_SHARED,
        )
        for i, axis in enumerate(("row", "column"))
    ),
    Metric(
        name="peak_ties",
        title="Pixels that share the peak",
        unit="pixels",
        better=None,
        reference=_OWN,
        description="How many pixels have the map's maximum.",
        compute=_field("peak_ties"),
        kind=int,
        order=107,
        averaged=False,  # a single flat map would dominate the mean
        line=no_line,
        **_SHARED,
    ),
)

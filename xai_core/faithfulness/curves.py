"""The modes of measuring a pair of curves, by their names in requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.baseline import DESCRIPTION
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import GRID, Order, edges
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.types import Report

Mode = Callable[[PerturbationProbe, Order, Report], CurvePair]

MODES: Mapping[str, Mode] = MappingProxyType({"adaptive": adaptive, "full": full})


def conventions(mode: str, size: int, grid: int = GRID) -> dict[str, str]:
    """Every convention of the curves, by name, for the manifest.  Empty for mode "none".

    Args:
        mode: of ``MODES``, or "none".
        size: side of the network's input, px.
        grid: patches per side.

    Raises:
        BadRequest: ``size`` is less than ``grid``.
    """
    if mode == "none":
        return {}
    return {
        "curves": mode,
        "curve patches": f"{_patches(size, grid)}; relevance = mean of the [0, 1] map",
        "curve order": "descending, stable, ties by lower index",
        "curve baseline": DESCRIPTION,
        "curve score": "softmax probability of the target class",
        "curve AUC": "trapezoid over the fraction of patches in [0, 1], both end points included",
    }


def _patches(size: int, grid: int) -> str:
    sides = sorted({int(side) for side in np.diff(edges(size, grid))})
    if len(sides) == 1:
        return f"{grid} x {grid} patches of {sides[0]} x {sides[0]} px"
    return (
        f"{grid} x {grid} patches of {' or '.join(map(str, sides))} px a side, edges at whole "
        "pixels"
    )

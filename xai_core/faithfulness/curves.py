"""The modes of measuring a pair of curves, and of treating ties, by their names in requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from xai_core.faithfulness import imputation
from xai_core.faithfulness.adaptive import FINE_BUDGET, FINE_TOLERANCE, FIRST_ORDERS, adaptive
from xai_core.faithfulness.baseline import DESCRIPTION
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import (
    GRID,
    TIE_ORDERS,
    Order,
    descending,
    edges,
    tie_orders,
)
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.faithfulness.reliability import MEAN_GREY, RANDOM_SEEDS
from xai_core.faithfulness.road import SHARES
from xai_core.types import Report

Mode = Callable[[PerturbationProbe, Order, Report], CurvePair]

MODES: Mapping[str, Mode] = MappingProxyType(
    {
        "adaptive": adaptive,
        "fine": partial(adaptive, tolerance=FINE_TOLERANCE, budget=FINE_BUDGET),
        "full": full,
    }
)

ORDERS: Mapping[str, Callable[[NDArray[np.float64]], Order]] = MappingProxyType(
    {"expected": tie_orders, "by-index": descending}
)
"""The orders of patches over which P is averaged, from the patches' relevance (g * g,); by the
names in :data:`xai_core.types.TIES`."""


def conventions(
    mode: str, size: int, grid: int = GRID, *, ties: str = "expected", reliability: bool = False
) -> dict[str, str]:
    """Every convention of the curves, by name, for the manifest.  Empty for mode "none".

    Args:
        mode: of ``MODES``, or "none".
        size: side of the network's input, px.
        ties: of ``ORDERS``.
        reliability: whether the comparison orders and baselines are measured too.
        grid: patches per side.

    Raises:
        BadRequest: ``size`` is less than ``grid``.
    """
    if mode == "none":
        return {}
    compared = {
        "curve random orders": f"{len(RANDOM_SEEDS)}, seeds {', '.join(map(str, RANDOM_SEEDS))}",
        "curve second baseline": f"{MEAN_GREY}; outside the breast the image",
        "curve ROAD": f"{', '.join(f'{share:.0%}' for share in SHARES)} of the patches; "
        + imputation.DESCRIPTION,
    }
    return {
        "curves": mode,
        "curve patches": f"{_patches(size, grid)}; relevance = mean of the [0, 1] map",
        "curve order": _order_words(mode, ties),
        "curve baseline": DESCRIPTION,
        "curve score": "softmax probability of the target class",
        "curve AUC": "trapezoid over the fraction of patches in [0, 1], both end points included",
        **(compared if reliability else {}),
    }


def _order_words(mode: str, ties: str) -> str:
    if ties == "by-index":
        return "descending, stable, ties by lower index"
    orders = (
        f"{TIE_ORDERS}"
        if mode == "full"
        else f"{FIRST_ORDERS} (of {TIE_ORDERS} where these leave an area more uncertain than the "
        "tolerance)"
    )
    return (
        "descending; expectation over the orders of tied patches: the mean of "
        f"{orders} seeded random orders in reversed pairs, exact for ties of two"
    )


def _patches(size: int, grid: int) -> str:
    sides = sorted({int(side) for side in np.diff(edges(size, grid))})
    if len(sides) == 1:
        return f"{grid} x {grid} patches of {sides[0]} x {sides[0]} px"
    return (
        f"{grid} x {grid} patches of {' or '.join(map(str, sides))} px a side, edges at whole "
        "pixels"
    )

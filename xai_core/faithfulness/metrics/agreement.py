"""Agreement of two maps of one image: how well a fast map approximates the exact one.

Both are compared by the mean of each of the 24 x 24 patches, which is what the curves use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from xai_core.faithfulness.metric import Measured, Measurement, Metric, MetricInputs, Need, no_line
from xai_core.faithfulness.patches import patch_order, relevance
from xai_core.types import FloatArray

TOP = 0.10
CONSTANT = "one of the two maps is constant"


@dataclass(frozen=True)
class Agreement:
    """``spearman``: rank correlation over all patches, in [-1, 1]; None where a map is constant.
    ``top_overlap``: of the most relevant tenth of the patches, the share that is in the top tenth
    of both maps, in [0, 1]; about 0.1 by chance."""

    spearman: float | None
    top_overlap: float


def agreement(a: FloatArray, b: FloatArray) -> Agreement:
    """Compare two maps (S, S) in [0, 1] of the same image.

    Raises:
        BadRequest: a map with fewer pixels on a side than patches.
    """
    first, second = relevance(a), relevance(b)
    top = round(TOP * first.size)
    both = np.intersect1d(patch_order(a)[:top], patch_order(b)[:top])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return Agreement(None, len(both) / top)
    return Agreement(float(stats.spearmanr(first, second).statistic), len(both) / top)


def _found(inputs: MetricInputs) -> Agreement:
    assert inputs.exact_map is not None  # noqa: S101 - in ``needs``
    return agreement(inputs.values, inputs.exact_map)


def _spearman(inputs: MetricInputs) -> Measurement:
    value = inputs.once(_found).spearman
    return Measurement(value, state=CONSTANT if value is None else "")


def _top_overlap(inputs: MetricInputs) -> Measurement:
    found = inputs.once(_found)
    if found.spearman is None:  # the top tenth of a constant map would be arbitrary
        return Measurement(None, state=CONSTANT)
    return Measurement(found.top_overlap)


def _line(measured: Measured) -> str:
    found, top = measured["spearman"], measured["top_overlap"].value
    if found.state == CONSTANT:
        return "One of the two maps is constant: nothing to compare."
    if found.state == Need.EXACT_MAP.value:
        return "The exact map is not known yet, so its agreement is not either."
    if found.value is None or top is None:
        return ""
    return (
        f"Against the exact map: rank correlation (Spearman) {found.value:.2f}, of the hottest "
        f"tenth of the patches {top:.0%} in common."
    )


_SHARED: dict[str, Any] = {"better": "higher", "needs": (Need.EXACT_MAP,)}

METRICS = (
    Metric(
        name="spearman",
        title="Rank correlation with the exact map",
        unit="Spearman's rho",
        reference="Spearman, The Proof and Measurement of Association between Two Things, American "
        "Journal of Psychology 15:72, 1904",
        description="How alike a fast map and the exact one rank the patches, from -1 to 1.",
        compute=_spearman,
        order=300,
        line=_line,
        **_SHARED,
    ),
    Metric(
        name="top_overlap",
        title="Overlap with the exact map",
        unit="share of patches",
        reference="This project's",
        description="Of the most relevant tenth of the patches, the share that the exact map names "
        "too; about 0.1 by chance.",
        compute=_top_overlap,
        order=301,
        line=no_line,
        **_SHARED,
    ),
)

"""The ways to measure a pair of curves, by the name a request gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import Order
from xai_core.faithfulness.perturbation import CurvePair, Subject
from xai_core.types import Report

Mode = Callable[[Subject, Order, Report], CurvePair]

MODES: Mapping[str, Mode] = MappingProxyType({"adaptive": adaptive, "full": full})


def conventions(mode: str) -> dict[str, str]:
    """Every convention of the curves, by name: for the manifest.  Empty for mode "none"."""
    if mode == "none":
        return {}
    return {
        "curves": mode,
        "curve patches": "24 x 24 patches of 16 x 16 px; relevance = mean of the [0, 1] map",
        "curve order": "descending, stable, ties by lower index",
        "curve baseline": "Gaussian blur of the [0, 1] image, sigma 35 px, reflect, truncate 4",
        "curve score": "softmax probability of the target class",
        "curve AUC": "trapezoid over the fraction of patches in [0, 1], both end points included",
    }

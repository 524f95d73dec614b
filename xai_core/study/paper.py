"""The figures of the Hybrid-CAM paper, for comparison in the tables.

Ghorbel, Siyavashi, Herglotz, "Explainability in ConvNeXt V2 for Contrast-Enhanced Spectral
Mammography": Tables 1 and 2; 141 low-energy test images of CDD-CESM, as the paper states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xai_core.cam import PAPER_METHODS
from xai_core.statistics.proportion import Confusion
from xai_core.types import Outcome

CITATION = (
    "Ghorbel, Siyavashi, Herglotz, Explainability in ConvNeXt V2 for Contrast-Enhanced Spectral "
    "Mammography"
)


@dataclass(frozen=True)
class Areas:
    """Mean areas under the insertion (higher is better) and deletion curve (lower is better)."""

    insertion: float
    deletion: float


OUTCOMES = (Outcome.TP, Outcome.TN)
TABLE_NUMBER: Mapping[int, int] = MappingProxyType({3: 1, 4: 2})
"""The number of the table by stage (counted from 1) whose last block is explained.  The paper's
network is ConvNeXtV2-Tiny, so these are Stage 3 Block 9 and Stage 4 Block 3."""

_TABLES = {
    3: {
        Outcome.TP: ((0.407, 0.955), (0.958, 0.361), (0.963, 0.350)),
        Outcome.TN: ((0.941, 0.830), (0.931, 0.727), (0.942, 0.742)),
    },
    4: {
        Outcome.TP: ((0.911, 0.254), (0.593, 0.737), (0.612, 0.735)),
        Outcome.TN: ((0.957, 0.879), (0.906, 0.888), (0.827, 0.928)),
    },
}
AREAS: Mapping[tuple[int, Outcome, str], Areas] = MappingProxyType(
    {
        (stage, outcome, method): Areas(*areas)
        for stage, by_outcome in _TABLES.items()
        for outcome, by_method in by_outcome.items()
        for method, areas in zip(PAPER_METHODS, by_method, strict=True)
    }
)
"""By stage, outcome and method: Tables 1 and 2."""

IMAGES_STATED = 141
SENSITIVITY, SPECIFICITY, PRECISION = 0.561, 0.922, 0.821
IMPLIED = Confusion(tp=32, tn=83, fp=7, fn=25)
"""The paper states TP, TN and the three ratios; these false positives and negatives are the only
whole numbers that give all three.  The sum is 147 images, not the 141 that the paper states."""

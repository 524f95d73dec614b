"""How alike two maps of one image are: does a fast map stand in for the exact one?

Both are compared as the curves read them, by the mean of each of the 24 x 24 patches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from xai_core.faithfulness.patches import patch_order, relevance
from xai_core.types import FloatArray

TOP = 0.10


@dataclass(frozen=True)
class Agreement:
    """``spearman``: rank correlation over all patches, in [-1, 1]; None where a map is constant, so
    that nothing ranks.  ``top_overlap``: of the most relevant tenth of the patches, the share that
    both maps name, in [0, 1]; about 0.1 by chance."""

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

from __future__ import annotations

import numpy as np

from xai_core.statistics.proportion import Confusion
from xai_core.types import Outcome


def test_confusion_counts_and_ratios() -> None:
    found = Confusion.of(["TP"] * 32 + ["TN"] * 83 + [Outcome.FP] * 7 + ["FN"] * 25 + [None])
    assert found == Confusion(32, 83, 7, 25)
    assert found.images == 147
    assert round(100 * found.sensitivity, 1) == 56.1
    assert round(100 * found.specificity, 1) == 92.2
    assert round(100 * found.precision, 1) == 82.1
    assert np.isnan(Confusion.of([]).precision)

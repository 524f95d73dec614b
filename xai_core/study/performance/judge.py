"""One case: what the model says of it, and what is known of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from xai_core.explainer import Explainer
from xai_core.model.geometry import Geometry
from xai_core.study.predictions import PredictionRow, predict_case
from xai_core.types import BoolArray, Case, CaseRecord, Outcome

GRID = 384  # px: diameters are given on a grid of this side, whatever the network's is


@dataclass(frozen=True)
class Judged:
    """``row``: the prediction.  ``record``: what is known.  ``diameter``: px at ``GRID``, of a disc
    as large as all that is marked; None where nothing is."""

    row: PredictionRow
    record: CaseRecord
    diameter: float | None

    @property
    def malignant(self) -> bool:
        """The truth."""
        return self.record.class_index == 1

    @property
    def correct(self) -> bool:
        """Whether the decision at the operating threshold is the truth."""
        return self.row.outcome in (Outcome.TP, Outcome.TN)


def judge(explainer: Explainer, case: Case, record: CaseRecord) -> Judged:
    """Predict ``case``, whose pathology is known; ``record`` is the case without its pixels.

    Raises:
        ModelError: the network gave something that is not a number.
    """
    row = predict_case(explainer, case)
    geometry = explainer.context(case).prepared.geometry
    return Judged(row, record, equivalent_diameter(case.lesion_mask, geometry))


def equivalent_diameter(mask: BoolArray | None, geometry: Geometry) -> float | None:
    """The diameter, px at ``GRID``, of a disc as large as ``mask`` (H, W); None where empty."""
    if mask is None or not mask.any():
        return None
    scale = geometry.scale * GRID / geometry.size
    return float(2 * math.sqrt(np.count_nonzero(mask) / math.pi) * scale)

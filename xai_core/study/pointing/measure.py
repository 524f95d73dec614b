"""One case of the pointing game: the map beside its baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xai_core.explainer import Explainer
from xai_core.model.geometry import letterbox_mask
from xai_core.request import ExplainRequest
from xai_core.study.pointing.aim import Aim, aim, aim_of_map
from xai_core.study.pointing.baselines import Chance, breast_of, brightness, centre, chance
from xai_core.types import Case

MAP, UNTRAINED, BRIGHTEST, CENTRE = "map", "untrained", "brightest", "centre"
POINTERS = (MAP, UNTRAINED, BRIGHTEST, CENTRE)


@dataclass(frozen=True)
class PointingRow:
    """One case.  ``aims``: by the names in ``POINTERS``."""

    case_id: str
    patient_id: str
    probability_malignant: float
    called_malignant: bool
    aims: Mapping[str, Aim]
    chance: Chance


def measure(
    explainer: Explainer, novice: Explainer, case: Case, request: ExplainRequest
) -> PointingRow | None:
    """Point at what is marked on ``case``; None where nothing is marked on the network's grid.

    Args:
        explainer: of the classifier that is measured.
        novice: of the untrained network, see :func:`xai_core.study.pointing.untrained.untrained`.
        case: any case; the caller chooses malignant ones.
        request: method, layer and target; of both networks.

    Raises:
        ModelError: the network gave something that is not a number.
    """
    if case.lesion_mask is None:
        return None
    prepared = explainer.context(case).prepared
    marked = letterbox_mask(case.lesion_mask, prepared.geometry)
    if not np.any(marked):
        return None
    breast = breast_of(prepared.grey)
    asked = dataclasses.replace(request, curves="none", reliability=False)
    answer, other = explainer.explain(case, asked), novice.explain(case, asked)
    assert answer.heatmap is not None  # noqa: S101 - a complete answer has a map
    assert other.heatmap is not None  # noqa: S101
    return PointingRow(
        case_id=case.id,
        patient_id=case.patient_id,
        probability_malignant=answer.prediction.probabilities[answer.positive],
        called_malignant=answer.predicted == answer.positive,
        aims={
            MAP: aim_of_map(answer.heatmap, marked),
            UNTRAINED: aim_of_map(other.heatmap, marked),
            BRIGHTEST: aim(brightness(prepared.grey, breast), marked),
            CENTRE: aim(centre(breast), marked),
        },
        chance=chance(marked, breast),
    )

"""Normalised areas and the heat outside the breast, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.metric import Measurement, MetricInputs
from xai_core.faithfulness.metrics import METRICS
from xai_core.faithfulness.metrics.normalised_areas import NOT_INTERPRETABLE
from xai_core.faithfulness.perturbation import DELETION, INSERTION, CurvePair, curve
from xai_core.types import MapState

MAP = np.zeros((4, 4), np.float32)


def measured(name: str, **inputs: object) -> Measurement:
    given = {"values": MAP, "state": MapState.OK, **inputs}
    return METRICS[name].measure(MetricInputs(**given))  # type: ignore[arg-type]


def pair(insertion: list[float], deletion: list[float]) -> CurvePair:
    counts = np.arange(len(insertion)) * 2
    return CurvePair(
        curve(INSERTION, counts, np.array(insertion)),
        curve(DELETION, counts, np.array(deletion)),
        4,
    )


def test_normalised_areas_run_from_the_blurred_image_to_the_image() -> None:
    """P of the image .9, of the blurred one .4.  Insertion .4, .9, .9: area .775, (.775 - .4) / .5.
    Deletion .9, .4, .4: area .525."""
    curves = pair([0.4, 0.9, 0.9], [0.9, 0.4, 0.4])
    found = measured("normalised_insertion_auc", curves=curves)
    assert found.value == pytest.approx(0.75)
    assert found.error == pytest.approx(curves.insertion.error / 0.5)
    assert measured("normalised_deletion_auc", curves=curves).value == pytest.approx(0.25)


@pytest.mark.parametrize("blurred", [0.9, 0.95])
def test_normalised_area_has_a_state_where_blurring_does_not_lower_the_probability(
    blurred: float,
) -> None:
    """Equal probabilities count too: there would be a division by 0."""
    curves = pair([blurred, 0.8, 0.9], [0.9, 0.8, blurred])
    assert not curves.interpretable
    for kind in (INSERTION, DELETION):
        found = measured(f"normalised_{kind}_auc", curves=curves)
        assert (found.value, found.state) == (None, NOT_INTERPRETABLE)
    assert measured("interpretable", curves=curves).value is False


def test_normalised_areas_of_a_full_measurement(sum_probe) -> None:
    """P of the image is 1 and of the blurred one 0: the normalised area is the area."""
    curves = full(sum_probe, np.arange(4))
    found = measured("normalised_deletion_auc", curves=curves)
    assert found.value == pytest.approx(curves.deletion.auc)


def test_heat_outside_the_breast_is_a_share_of_the_sum() -> None:
    values = MAP.copy()
    values[1, 1], values[2, 3], values[3, 3] = 1.0, 0.5, 0.5
    breast = np.zeros((4, 4), bool)
    breast[:, :2] = True
    found = measured("heat_outside_breast", values=values, find_breast_mask=lambda: breast)
    assert found.value == pytest.approx(0.5)
    inside = measured("heat_outside_breast", values=values, find_breast_mask=lambda: ~(MAP > 0))
    assert inside.value == 0


def test_without_a_breast_the_share_has_a_state() -> None:
    found = measured("heat_outside_breast", find_breast_mask=lambda: MAP > 0)
    assert (found.value, found.state) == (None, "no breast was found")

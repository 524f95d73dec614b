"""The effect of ties, and orders that do not depend on the map."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import descending, relevance
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.faithfulness.reliability import assess


def test_ties_change_the_areas_and_the_tie_fraction(sum_probe) -> None:
    values = np.array([[1.0, 0], [0, 0]], np.float32)
    seen = []
    result = assess(
        sum_probe,
        relevance(values, 2),
        lambda done, total, pair: seen.append((done, total)),
        measure=full,
    )
    assert result.tie_fraction == 0.75
    # forward 0 1 2 3, reverse 0 3 2 1: P of the image is .4 .3 .2 .1
    np.testing.assert_allclose(
        result.forward.insertion.probability, [0, 0.4, 0.7, 0.9, 1], atol=1e-6
    )
    np.testing.assert_allclose(
        result.reverse.insertion.probability, [0, 0.4, 0.5, 0.7, 1], atol=1e-6
    )
    assert result.forward.insertion.auc - result.reverse.insertion.auc == pytest.approx(0.1)
    assert result.interpretable
    assert result.centre_first.insertion.auc == result.forward.insertion.auc  # all equally near
    assert seen[0] == (0, 4)


def test_repeated_assessment_scores_nothing(sum_probe) -> None:
    r = np.arange(4.0)
    full(sum_probe, descending(r))
    assess(sum_probe, r, measure=full)
    spent = sum_probe.logit_cache.forwards
    assess(sum_probe, r, measure=full)
    assert sum_probe.logit_cache.forwards == spent


def test_not_interpretable_when_blurring_everything_does_not_lower_the_score(sum_probe) -> None:
    brighter = PerturbationProbe(sum_probe.x, sum_probe.x * 1.0, 1, sum_probe.logit_cache, grid=2)
    assert not assess(brighter, np.arange(4.0), measure=full).interpretable


def test_relevance_of_another_grid_raises_bad_request(sum_probe) -> None:
    with pytest.raises(BadRequest, match="each of the 4 patches"):
        assess(sum_probe, np.arange(9.0))

"""The effect of ties and of the baseline, and orders that do not depend on the map."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.errors import BadRequest
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import (
    GRID,
    centre_first,
    descending,
    random_order,
    relevance,
    tie_orders,
)
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.faithfulness.reliability import MEAN_GREY, RANDOM_SEEDS, assess, spread
from xai_core.scoring.logit_cache import LogitCache


class Recorder:
    """Measures nothing; remembers the orders and baselines that it was asked to measure."""

    def __init__(self, measured: CurvePair) -> None:
        self.orders: list[np.ndarray] = []
        self.fillings: list[str] = []
        self.measured = measured

    def __call__(self, probe, order, report) -> CurvePair:
        self.orders.append(order)
        self.fillings.append(probe.filling)
        return self.measured


def test_each_comparison_has_the_order_it_is_named_after(sum_probe) -> None:
    """The random orders differ from each other and from the map's own."""
    rng = np.random.default_rng(3)
    r = rng.random(GRID * GRID)
    r[rng.random(GRID * GRID) < 0.4] = 0
    x = torch.rand(1, 48, 48)
    probe = PerturbationProbe(x, x * 0, 1, LogitCache(lambda images: images[:, 0, 0, :2]))
    recorder = Recorder(full(sum_probe, np.arange(4)))
    assess(probe, r, x * 0, measure=recorder)
    lower, higher, centre, *random, own = recorder.orders
    np.testing.assert_array_equal(lower, descending(r))
    np.testing.assert_array_equal(higher, descending(r, ties_reversed=True))
    np.testing.assert_array_equal(centre, centre_first())
    np.testing.assert_array_equal(own, tie_orders(r))
    assert len(random) == len(RANDOM_SEEDS) == 3
    for seed, order in zip(RANDOM_SEEDS, random, strict=True):
        np.testing.assert_array_equal(order, random_order(seed))
        for other in (lower, higher, centre, *own):
            assert (order == other).mean() < 0.05
            # nor does it rank patches as the map does
            assert abs(np.corrcoef(r[order], r[other])[0, 1]) < 0.2
    assert len({tuple(order) for order in random}) == 3
    assert recorder.fillings == [""] * 6 + [MEAN_GREY]


def test_ties_change_the_areas_and_the_tie_fraction(sum_probe) -> None:
    values = np.array([[1.0, 0], [0, 0]], np.float32)
    seen = []
    result = assess(
        sum_probe,
        relevance(values, 2),
        torch.zeros(1, 2, 2),
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
    assert (seen[0], seen[-1]) == ((0, 8), (7, 8))


def test_repeated_assessment_scores_nothing(sum_probe) -> None:
    r = np.arange(4.0)
    full(sum_probe, descending(r))
    assess(sum_probe, r, torch.zeros(1, 2, 2), measure=full)
    spent = sum_probe.logit_cache.forwards
    assess(sum_probe, r, torch.zeros(1, 2, 2), measure=full)
    assert sum_probe.logit_cache.forwards == spent


def test_not_interpretable_when_blurring_everything_does_not_lower_the_score(sum_probe) -> None:
    brighter = PerturbationProbe(sum_probe.x, sum_probe.x * 1.0, 1, sum_probe.logit_cache, grid=2)
    assert not assess(brighter, np.arange(4.0), brighter.x, measure=full).interpretable


def test_relevance_of_another_grid_raises_bad_request(sum_probe) -> None:
    with pytest.raises(BadRequest, match="each of the 4 patches"):
        assess(sum_probe, np.arange(9.0), torch.zeros(1, 2, 2))


def test_mean_grey_replaces_the_blurred_image(sum_probe) -> None:
    """P is the sum of the shown patches .4, .3, .2, .1 and of .05 for each removed one."""
    found = assess(sum_probe, np.array([4.0, 3, 2, 1]), torch.full((1, 2, 2), 0.05), measure=full)
    np.testing.assert_allclose(
        found.mean_grey.deletion.probability, [1, 0.65, 0.4, 0.25, 0.2], atol=1e-6
    )
    np.testing.assert_allclose(found.forward.deletion.probability, [1, 0.6, 0.3, 0.1, 0], atol=1e-6)


def test_spread_of_areas_is_mean_and_range(sum_probe) -> None:
    pairs = [full(sum_probe, np.array(order)) for order in ([0, 1, 2, 3], [3, 2, 1, 0])]
    found = spread([pair.insertion for pair in pairs])
    assert found.highest == pytest.approx(0.625)
    assert found.lowest == pytest.approx(0.375)
    assert found.mean == pytest.approx(0.5)
    assert found.error == 0

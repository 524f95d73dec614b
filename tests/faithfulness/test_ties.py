"""Curves of maps with tied patches: the expectation over the orders of the tied patches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from xai_core.faithfulness.adaptive import adaptive, images_at_most
from xai_core.faithfulness.curves import MODES, ORDERS, conventions
from xai_core.faithfulness.insertion_deletion import full
from xai_core.faithfulness.patches import GRID, TIE_ORDERS, descending, tie_orders
from xai_core.faithfulness.perturbation import PerturbationProbe, area_error, tie_error
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import CURVE_MODES, TIES

N = GRID * GRID


def probe_of(weights: np.ndarray, bias: float, grid: int = GRID) -> PerturbationProbe:
    """P = sigmoid(bias + the sum of the weights of the shown patches); a pixel is a patch."""
    w = torch.from_numpy(weights.reshape(1, grid, grid)).float()

    def scorer(images: torch.Tensor) -> torch.Tensor:
        logit = (images * w).sum((1, 2, 3)) + bias
        return torch.stack([torch.zeros_like(logit), logit], 1)

    x = torch.ones(1, grid, grid)
    return PerturbationProbe(x, torch.zeros_like(x), 1, LogitCache(scorer, 64), grid=grid)


def areas(weights: np.ndarray, bias: float, order: np.ndarray) -> tuple[float, float]:
    """The areas of one order, computed by cumulative sums."""
    shown = np.concatenate([[0.0], np.cumsum(weights[order])])
    p = [1 / (1 + np.exp(-(bias + s))) for s in (shown, shown[-1] - shown)]
    fraction = np.linspace(0, 1, len(shown))
    return float(np.trapezoid(p[0], fraction)), float(np.trapezoid(p[1], fraction))


def expected(weights: np.ndarray, bias: float, r: np.ndarray, orders: int = 3000) -> np.ndarray:
    """The mean areas over many random orders of the ties."""
    rng = np.random.default_rng(99)
    found = [areas(weights, bias, np.lexsort((rng.random(len(r)), -r))) for _ in range(orders)]
    return np.mean(found, 0)


def lesion(seed: int) -> np.ndarray:
    """Weights of a few patches at the top of the picture, and slight ones elsewhere."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.01, (GRID, GRID))
    row, column = rng.integers(1, 8), rng.integers(1, 20)
    weights[row : row + 3, column : column + 3] += rng.uniform(0.5, 1.0)
    return weights.ravel()


def tied_map(seed: int, share: float) -> np.ndarray:
    """Relevance of which ``share`` is 0; the rest is random."""
    rng = np.random.default_rng(seed)
    r = rng.random(N)
    r[rng.permutation(N)[: int(share * N)]] = 0
    return r


# --- the orders ---


def test_orders_differ_only_in_ties_and_come_in_reversed_pairs() -> None:
    r = np.array([0.0, 0.5, 0.0, 0.9, 0.5, 0.0, 0.0, 0.1, 0.0])
    orders = tie_orders(r)
    assert len(orders) == TIE_ORDERS
    for order in orders:
        assert sorted(order) == list(range(9))
        assert r[order].tolist() == sorted(r, reverse=True)
    for one, other in ((0, 1), (2, 3)):
        for tie in (slice(1, 3), slice(4, 9)):
            assert orders[one][tie].tolist() == orders[other][tie][::-1].tolist()
    assert orders[0].tolist() != orders[2].tolist()
    np.testing.assert_array_equal(orders, tie_orders(r))


def test_map_without_ties_has_one_order() -> None:
    r = np.array([0.2, 0.9, 0.1, 0.4])
    assert tie_orders(r).tolist() == [[1, 3, 0, 2]]


def test_every_treatment_of_ties_and_mode_has_a_function_and_words() -> None:
    assert tuple(ORDERS) == TIES
    assert ("none", *MODES) == CURVE_MODES
    said = {ties: conventions("adaptive", 384, ties=ties)["curve order"] for ties in TIES}
    assert said["by-index"] == "descending, stable, ties by lower index"
    assert "expectation over the orders of tied patches: the mean of 2 (of 4" in said["expected"]
    assert "the mean of 4 seeded" in conventions("full", 384)["curve order"]


# --- hand-worked curves ---


def test_area_of_a_sum_is_exact(sum_probe) -> None:
    """P is the sum of the shown patches .4, .3, .2, .1; the map names the first and ties the rest,
    each of which is worth .2 on average: the expected curve is 0, .4, .6, .8, 1."""
    r = np.array([1.0, 0, 0, 0])
    pair = full(sum_probe, tie_orders(r))
    assert pair.insertion.auc == pytest.approx((0.4 + 0.6 + 0.8 + 0.5) / 4, abs=1e-6)
    assert pair.deletion.auc == pytest.approx((0.5 + 0.6 + 0.4 + 0.2) / 4, abs=1e-6)
    assert pair.insertion.probability[[0, 1, 4]].tolist() == pytest.approx([0, 0.4, 1], abs=1e-6)
    assert full(sum_probe, descending(r)).insertion.auc == pytest.approx(0.625, abs=1e-6)


def test_tie_of_two_is_exact_for_any_score() -> None:
    weights, bias = np.array([3.0, -1.0, 2.0, 0.5]), -2.0
    r = np.array([0.5, 0.9, 0.5, 0.1])
    both = [areas(weights, bias, np.array(o)) for o in ((1, 0, 2, 3), (1, 2, 0, 3))]
    pair = full(probe_of(weights, bias, 2), tie_orders(r))
    assert pair.insertion.auc == pytest.approx(np.mean([b[0] for b in both]), abs=1e-6)
    assert pair.deletion.auc == pytest.approx(np.mean([b[1] for b in both]), abs=1e-6)
    assert abs(both[0][0] - both[1][0]) > 0.02


def test_all_orders_of_a_small_tie_have_the_same_mean() -> None:
    """Against the enumeration of all 24 orders; within the stated error, as 4 are taken."""
    weights, bias = np.array([3.0, -1.0, 2.0, 0.5]), -2.0
    true = np.mean([areas(weights, bias, np.array(o)) for o in itertools.permutations(range(4))], 0)
    pair = full(probe_of(weights, bias, 2), tie_orders(np.zeros(4)))
    assert abs(pair.insertion.auc - true[0]) <= pair.insertion.error
    assert abs(pair.deletion.auc - true[1]) <= pair.deletion.error
    assert 0 < pair.insertion.error < 0.2


def test_tie_error_equals_the_hand_computed_one() -> None:
    """Areas .5 and .25 of two orders: standard deviation .1768, over the root of 2: .125."""
    p = np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 0.0]])
    counts = np.arange(3)
    assert tie_error(counts, p) == pytest.approx(0.125)
    assert area_error(counts, p) == pytest.approx(2 * 0.125)  # every patch has a point
    assert tie_error(counts, p[:, :1]) == 0


# --- many ties ---


def test_points_between_ties_are_scored_once() -> None:
    weights = lesion(0)
    r = tied_map(0, 0.4)
    probe = probe_of(weights, -3.0)
    pair = full(probe, tie_orders(r))
    tied = int(0.4 * N)
    # 4 images a point within the tie; the two curves share their ends.  One step from an end of
    # the tie, two of the four may agree by chance.
    most = 2 * ((N + 1) - (tied - 1) + (tied - 1) * TIE_ORDERS) - 2
    assert most - 8 <= pair.images <= most


@pytest.mark.parametrize("share", [0.4, 0.67, 0.97])
def test_adaptive_expectation_is_within_its_error_and_budget(share: float) -> None:
    covered = []
    for seed in range(8):
        weights, r = lesion(seed), tied_map(seed, share)
        true = expected(weights, -3.0, r, 1500)
        pair = adaptive(probe_of(weights, -3.0), tie_orders(r))
        assert pair.images <= images_at_most(64, TIE_ORDERS) == 96
        for curve, area in zip((pair.insertion, pair.deletion), true, strict=True):
            assert curve.error < 0.25
            covered.append(abs(curve.auc - area) <= curve.error + 1e-4)
    assert np.mean(covered) >= 0.9


def test_by_index_depends_on_where_the_lesion_lies_and_the_expectation_does_not() -> None:
    """A map with a few cells: by index the top of the picture comes first, and so does the lesion
    at the top; upside down the same map gets another area, with the expectation the same."""
    top = lesion(3)
    bottom = top.reshape(GRID, GRID)[::-1].ravel()
    r = np.zeros(N)
    r[N // 2 + 5 : N // 2 + 10] = [5, 4, 3, 2, 1]
    by_index = [full(probe_of(w, -3.0), descending(r)).insertion.auc for w in (top, bottom)]
    mean = [full(probe_of(w, -3.0), tie_orders(r)).insertion for w in (top, bottom)]
    assert by_index[0] - by_index[1] > 0.4
    assert abs(mean[0].auc - mean[1].auc) <= mean[0].error + mean[1].error
    assert abs(mean[0].auc - expected(top, -3.0, r)[0]) <= mean[0].error


def test_further_orders_are_measured_only_where_the_first_two_differ() -> None:
    orders = tie_orders(tied_map(1, 0.97))
    flat = adaptive(probe_of(np.full(N, 0.01), -3.0), orders)
    np.testing.assert_allclose(flat.insertion.auc, adaptive(
        probe_of(np.full(N, 0.01), -3.0), orders[:2]).insertion.auc)  # fmt: skip
    weights = lesion(5)
    two, four = (adaptive(probe_of(weights, -3.0), orders[:n]) for n in (2, 4))
    assert two.insertion.auc != four.insertion.auc


def test_a_small_budget_for_many_ties_begins_with_every_second_point() -> None:
    """Nine points within ties may need 30 images; 16 and half as many again are allowed.  Of the
    five points' images the two orders, which reverse each other, share half."""
    seen = []
    orders = tie_orders(np.zeros(N))
    probe = probe_of(np.full(N, 0.01), -3.0)
    pair = adaptive(probe, orders, lambda done, total, pair: seen.append((done, pair)), budget=16)
    done, first = seen[0]
    assert done == 2 + 3 * 2
    assert first.insertion.fraction.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert pair.images <= images_at_most(16, TIE_ORDERS) == 24


def test_fine_states_a_smaller_error_with_more_images() -> None:
    weights, r = lesion(2), tied_map(2, 0.4)
    quick, fine = (MODES[name](probe_of(weights, -3.0), tie_orders(r), lambda *_: None)
                   for name in ("adaptive", "fine"))  # fmt: skip
    assert fine.images > quick.images
    assert fine.insertion.error < quick.insertion.error
    assert fine.images <= images_at_most(256, TIE_ORDERS) == 384

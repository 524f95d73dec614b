"""The adaptive curves against the full ones, on families of curves and on a real network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.errors import BadRequest, Cancelled
from xai_core.faithfulness.adaptive import _next, adaptive
from xai_core.faithfulness.baseline import blurred
from xai_core.faithfulness.curves import MODES
from xai_core.faithfulness.insertion_deletion import Points, full
from xai_core.faithfulness.patches import random_order
from xai_core.faithfulness.perturbation import PerturbationProbe, area_error, gap_errors
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import no_report

FRACTION = np.linspace(0, 1, 577)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def smooth(rng: np.random.Generator) -> np.ndarray:
    return sigmoid((FRACTION - rng.uniform(0, 1)) / rng.uniform(0.01, 0.3))


def early(rng: np.random.Generator) -> np.ndarray:
    return 1 - np.exp(-FRACTION / rng.uniform(0.005, 0.2))


def jump(rng: np.random.Generator) -> np.ndarray:
    return (rng.uniform(0, 1) < FRACTION).astype(float)


def bump(rng: np.random.Generator) -> np.ndarray:
    width = rng.uniform(0.03, 0.15)
    hill = np.exp(-(((FRACTION - rng.uniform(0, 1)) / width) ** 2))
    return sigmoid((FRACTION - rng.uniform(0, 0.6)) / 0.03) + rng.uniform(-0.8, 0.8) * hill


def noise(rng: np.random.Generator) -> np.ndarray:
    clean = sigmoid((FRACTION - rng.uniform(0, 1)) / rng.uniform(0.02, 0.3))
    return clean + rng.uniform(0, 0.08) * rng.standard_normal(577)


def walk(rng: np.random.Generator) -> np.ndarray:
    steps = rng.standard_normal(577) * rng.uniform(0.02, 0.3)
    return sigmoid(np.cumsum(steps) + rng.uniform(-3, 3))


def pair_of(family, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two curves that share their ends, as insertion and deletion do."""

    def to_ends(f: np.ndarray, first: float, last: float) -> np.ndarray:
        f = first + (last - first) * (f - f.min()) / np.ptp(f)
        f[0], f[-1] = first, last
        return np.clip(f, 0, 1)

    low, high = np.sort(rng.uniform(0, 1, 2))
    return to_ends(family(rng), low, high), to_ends(family(rng), high, low)


def measured(family, scripted, pairs: int = 40, seed: int = 5) -> np.ndarray:
    """(pairs, 2, 2): true and estimated error of both areas."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(pairs):
        insertion, deletion = pair_of(family, rng)
        pair = adaptive(scripted(insertion, deletion), np.arange(576))
        assert pair.images <= 64
        for curve, true in ((pair.insertion, insertion), (pair.deletion, deletion)):
            out.append((abs(curve.auc - np.trapezoid(true, FRACTION)), curve.error))
    return np.array(out).reshape(pairs, 2, 2)


@pytest.mark.parametrize("family", [smooth, early, jump, bump])
def test_curves_of_known_shape_are_within_0_005_with_at_most_64_images(family, scripted) -> None:
    true, estimate = np.moveaxis(measured(family, scripted), 2, 0)
    assert (true <= 0.005).all(1).mean() >= 0.95
    assert (true <= estimate + 1e-9).all(1).mean() >= 0.95


def test_fine_curves_of_known_shape_are_within_a_stated_error_of_0_003(scripted) -> None:
    for seed in range(3):
        curves = pair_of(smooth, np.random.default_rng(seed))
        pair = MODES["fine"](scripted(*curves), np.arange(576), no_report)
        assert pair.images < 256
        assert max(pair.insertion.error, pair.deletion.error) <= 0.003


@pytest.mark.parametrize("family", [noise, walk])
def test_error_estimate_is_large_where_64_images_are_not_enough(family, scripted) -> None:
    true, estimate = np.moveaxis(measured(family, scripted), 2, 0)
    assert (true <= 0.005).all(1).mean() < 0.95
    assert (true <= estimate + 1e-9).all(1).mean() >= 0.95


def test_error_estimate_covers_an_untrained_network_in_random_order() -> None:
    """The hardest real case: every patch moves P, up or down, and nothing is smooth."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 7, stride=4, padding=3),
        torch.nn.GELU(),
        torch.nn.Conv2d(16, 16, 5, stride=2, padding=2),
        torch.nn.GELU(),
        torch.nn.AdaptiveAvgPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 1),
    ).eval()
    image = blurred(np.random.default_rng(2).random((48, 48), dtype=np.float32), 2)
    image = (image - image.min()) / np.ptp(image)
    x, baseline = (torch.from_numpy(a)[None] for a in (image, blurred(image, 5)))
    with torch.inference_mode():
        intact, blank = net(torch.stack([x, baseline])).flatten().tolist()

    def scorer(images: torch.Tensor) -> torch.Tensor:
        """A confident classifier: P is 0.95 on the image and 0.05 on the blurred one."""
        logit = 3 * (2 * (net(images) - blank) / (intact - blank) - 1)
        return torch.cat([torch.zeros_like(logit), logit], 1)

    for seed in range(3):
        probe = PerturbationProbe(x, baseline, 1, LogitCache(scorer, 64))
        order = random_order(seed)
        few, all_points = adaptive(probe, order), full(probe, order)
        assert np.ptp(all_points.insertion.probability) > 0.2
        for a, b in ((few.insertion, all_points.insertion), (few.deletion, all_points.deletion)):
            assert abs(a.auc - b.auc) <= 0.02
            assert abs(a.auc - b.auc) <= a.error


def test_oracle_4_a_constant_classifier_needs_only_the_first_points(scripted) -> None:
    flat = np.full(577, 0.7)
    probe = scripted(flat, flat)
    pair = adaptive(probe, np.arange(576))
    assert pair.images == probe.logit_cache.forwards == 16
    assert pair.insertion.auc == pair.deletion.auc == pytest.approx(0.7, abs=1e-6)
    assert pair.insertion.error == pytest.approx(0, abs=1e-6)


def test_few_patches_are_all_measured(sum_probe) -> None:
    pair = adaptive(sum_probe, np.arange(4))
    assert pair.insertion.fraction.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert pair.insertion.error == 0


def test_chunk_size_and_cached_scores_do_not_change_the_curves(scripted) -> None:
    rng = np.random.default_rng(0)
    insertion, deletion = pair_of(bump, rng)
    reference = adaptive(scripted(insertion, deletion), np.arange(576))
    for chunk in (1, 3, 64):
        base = scripted(insertion, deletion)
        logit_cache = LogitCache(base.logit_cache._scorer, chunk)
        probe = PerturbationProbe(base.x, base.baseline, 1, logit_cache)
        if chunk == 64:
            full(probe, np.arange(576))
            spent = logit_cache.forwards
        again = adaptive(probe, np.arange(576))
        np.testing.assert_array_equal(again.insertion.fraction, reference.insertion.fraction)
        np.testing.assert_array_equal(again.deletion.probability, reference.deletion.probability)
        assert again.images == reference.images
    assert logit_cache.forwards == spent


def test_partial_curves_are_reported_coarse_to_fine(scripted) -> None:
    insertion, deletion = pair_of(jump, np.random.default_rng(3))
    seen = []
    final = adaptive(
        scripted(insertion, deletion),
        np.arange(576),
        lambda done, total, pair: seen.append((done, total, pair)),
    )
    assert [s[0] for s in seen[:2]] == [8, 16]
    assert {s[1] for s in seen} == {64}
    assert seen[0][2].insertion.fraction.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert len(seen[1][2].insertion.fraction) == 9
    assert seen[-1][2].insertion.fraction.tolist() == final.insertion.fraction.tolist()
    spacing = np.diff(final.insertion.fraction)
    assert spacing.min() < spacing.max()  # finer where it moves


def test_larger_tolerance_and_smaller_budget_need_fewer_images(scripted) -> None:
    curves = pair_of(walk, np.random.default_rng(1))
    assert adaptive(scripted(*curves), np.arange(576), budget=30).images == 30
    loose = adaptive(scripted(*curves), np.arange(576), tolerance=0.2)
    assert loose.images == 16
    assert max(loose.insertion.error, loose.deletion.error) <= 2 * 0.2


def test_report_can_cancel_the_curves(scripted) -> None:
    probe = scripted(*pair_of(walk, np.random.default_rng(1)))

    def stop(done, total, pair):
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        adaptive(probe, np.arange(576), stop)
    assert probe.logit_cache.forwards == 8


def test_limits_out_of_range_are_refused(scripted) -> None:
    probe = scripted(FRACTION, 1 - FRACTION)
    with pytest.raises(BadRequest, match="budget is 15"):
        adaptive(probe, np.arange(576), budget=15)
    with pytest.raises(BadRequest, match="tolerance is 0"):
        adaptive(probe, np.arange(576), tolerance=0)
    with pytest.raises(BadRequest, match="name each"):
        adaptive(probe, np.arange(575))


def test_error_estimate_equals_the_hand_computed_one() -> None:
    """A jump of 0.8 in a gap of 2 of 4 patches, one of which is unseen: 0.25 * 0.5 * 0.8 from the
    jump.  The middle point lies 0.4 off the line through its neighbours; as the only residual it
    is the median too, so it counts FLOOR times, within the range 0.8: 0.25 * 0.8 in each gap,
    added in quadrature; stated with the coverage factor of 2."""
    counts, p = np.array([0, 2, 4]), np.array([0.0, 0.8, 0.8])
    np.testing.assert_allclose(gap_errors(counts, p), [0.2, 0.2])
    assert area_error(counts, p) == pytest.approx(2 * 0.2 * 2**0.5)
    assert area_error(np.arange(5), np.array([0, 1, 0, 1, 0.0])) == 0
    np.testing.assert_allclose(gap_errors(np.array([0, 4]), np.array([0.0, 1.0])), [0.375])


# --- the choice of the next points ---


def points_of(insertion: dict[int, float], deletion: dict[int, float], order: np.ndarray) -> Points:
    """Measured points of a grid of 4 x 4 patches."""
    x = torch.zeros(1, 4, 4)
    probe = PerturbationProbe(x, x, 1, LogitCache(lambda images: images[:, 0, 0, :2]), grid=4)
    points = Points(probe, np.atleast_2d(order), used=len(np.atleast_2d(order)))
    for kind, known in (("insertion", insertion), ("deletion", deletion)):
        points.p[kind] = {k: np.array([p]) for k, p in known.items()}
    return points


STEEP = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0, 8: 0.6, 16: 1.0}
LATE = {0: 1.0, 4: 1.0, 8: 1.0, 12: 1.0, 16: 0.2}
FLAT = {0: 1.0, 4: 1.0, 8: 1.0, 12: 1.0, 16: 1.0}


def test_gaps_are_halved_in_the_order_of_their_uncertainty() -> None:
    """Insertion: residuals .12 at 4, 4/15 at 8 and after it, so 8-16 has 7/16 * 4/15 = .117 and
    4-8, where P changes most, has 3/16 * .6 / 2 = .056.  Deletion: residual .4 at 12 and after it,
    so 8-12 and 12-16 have 3/16 * .4 = .075 each.  Every other gap has 0.
    """
    points = points_of(STEEP, LATE, np.arange(16))
    expected = [("insertion", 12), ("deletion", 10), ("deletion", 14), ("insertion", 6)]
    assert _next(points, 0.005, 8) == expected
    assert _next(points, 0.005, 2) == expected[:2]
    assert _next(points, 0.005, 0) == []


def test_curve_within_the_tolerance_is_not_refined() -> None:
    """The norm of .117 and .056 is .13, that of .075 and .075 is .106."""
    points = points_of(STEEP, LATE, np.arange(16))
    assert _next(points, 0.12, 8) == [("insertion", 12), ("insertion", 6)]
    assert _next(points, 0.13, 8) == []
    assert _next(points_of(FLAT, FLAT, np.arange(16)), 0.005, 8) == []


def test_points_within_a_tie_count_for_the_images_they_need() -> None:
    """With the 12th and 13th patch in either order the point after 12 needs two images: .117 / 2 is
    less than .075."""
    orders = np.stack([np.arange(16), [*range(11), 12, 11, *range(13, 16)]])
    points = points_of(STEEP, LATE, orders)
    expected = [("deletion", 10), ("deletion", 14), ("insertion", 12), ("insertion", 6)]
    assert _next(points, 0.005, 8) == expected
    # 12 does not fit into what is left after two images, 6 does
    assert _next(points, 0.005, 3) == [("deletion", 10), ("deletion", 14), ("insertion", 6)]

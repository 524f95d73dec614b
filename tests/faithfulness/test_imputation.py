"""Noisy linear imputation, and ROAD on it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.faithfulness.conftest import sum_of_pixels, two_logits
from xai_core.errors import BadRequest
from xai_core.faithfulness.imputation import NOISE, impute, linear_imputation
from xai_core.faithfulness.patches import GRID, random_order
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.faithfulness.road import SHARES, road
from xai_core.scoring.logit_cache import LogitCache


def an_image(size: int = 48, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.normal(size=(channels, size, size)).cumsum(1).cumsum(2)


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")  # in the peer
@pytest.mark.parametrize("share", [0.2, 0.8])
def test_imputation_equals_pytorch_grad_cams(share: float) -> None:
    """The peer's own code, without noise, on removed single pixels and on removed patches."""
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer

    image, rng = an_image(), np.random.default_rng(1)
    patchy = np.kron(rng.random((6, 6)) > share, np.ones((8, 8), bool))
    for known in (rng.random((48, 48)) > share, patchy):
        theirs = NoisyLinearImputer(noise=0)(
            torch.from_numpy(image).float(), torch.from_numpy(known.astype(np.float32))
        ).numpy()
        ours = linear_imputation(image, known)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(image).max())
        np.testing.assert_array_equal(ours[:, known], image[:, known])


def test_single_removed_pixel_is_the_weighted_mean_of_its_neighbours() -> None:
    """In the middle: (1 + 3 + 7 + 9)/12 + (2 + 4 + 6 + 8)/6 = 5; in the corner, without the
    neighbours outside, (2/6 + 4/6 + 5/12) / (5/12) = 3.4."""
    image = np.arange(1.0, 10).reshape(1, 3, 3)
    for place, value in (((1, 1), 5.0), ((0, 0), 3.4)):
        known = np.ones((3, 3), bool)
        known[place] = False
        assert linear_imputation(image * known, known)[0][place] == pytest.approx(value)


def test_flat_image_is_imputed_flat_with_the_stated_noise() -> None:
    x = torch.full((1, 96, 96), 0.7)
    kept = np.random.default_rng(0).random((2, GRID * GRID)) < 0.5
    images = impute(x, kept).numpy()
    for image, row in zip(images, kept, strict=True):
        known = np.kron(row.reshape(GRID, GRID), np.ones((4, 4), bool))
        assert (image[0][known] == np.float32(0.7)).all()
        assert image[0][~known].std() == pytest.approx(NOISE, rel=0.1)
        assert image[0][~known].mean() == pytest.approx(0.7, abs=0.001)
    both = ~(kept[0] | kept[1])
    hidden = np.kron(both.reshape(GRID, GRID), np.ones((4, 4), bool))
    np.testing.assert_array_equal(images[0][0][hidden], images[1][0][hidden])


def test_the_noise_stays_that_of_earlier_scores() -> None:
    """Kept scores are found by their masks alone: other noise would make them wrong."""
    x, kept = torch.zeros(2, 24, 24), np.arange(GRID * GRID)[None] == 100
    noise = 0.01 * np.random.default_rng(2202).standard_normal((2, 24, 24))
    noise[:, 100 // GRID, 100 % GRID] = 0
    np.testing.assert_allclose(impute(x, kept)[0], noise, rtol=1e-6)


def test_nothing_kept_is_refused() -> None:
    with pytest.raises(BadRequest, match="no neighbour"):
        impute(torch.zeros(1, 24, 24), np.zeros((1, 576), bool))


def lesion_probe() -> tuple[PerturbationProbe, np.ndarray]:
    """A bright block on a dark ground, P its brightness; and the patches, the block's first."""
    x = torch.zeros(1, 48, 48)
    x[:, 8:24, 8:24] = 1.0

    def scorer(images: torch.Tensor) -> torch.Tensor:
        return two_logits(images[:, 0, 8:24, 8:24].mean((1, 2)).clamp(0, 1))

    inside = np.zeros((GRID, GRID), bool)
    inside[4:12, 4:12] = True
    order = np.argsort(~inside.ravel(), kind="stable")
    return PerturbationProbe(x, torch.zeros_like(x), 1, LogitCache(scorer)), order


def test_road_is_positive_for_the_lesion_first_and_negative_for_it_last() -> None:
    probe, order = lesion_probe()
    best, worst = road(probe, order), road(probe, order[::-1].copy())
    assert best.score > 0.4
    assert worst.score == pytest.approx(-best.score)
    np.testing.assert_array_equal(best.most, worst.least)
    assert probe.logit_cache.forwards == 2 * len(SHARES)


def test_road_combines_as_the_peer_does() -> None:
    """(least first - most first) / 2, each the mean over the percentiles."""
    probe, order = lesion_probe()
    found = road(probe, order)
    assert found.score == pytest.approx((np.mean(found.least) - np.mean(found.most)) / 2)
    assert len(found.most) == len(found.least) == len(SHARES) == 4


def test_imputed_images_never_share_a_score_with_blurred_ones() -> None:
    probe = PerturbationProbe(
        torch.rand(1, 24, 24) / 1000, torch.zeros(1, 24, 24), 1, LogitCache(sum_of_pixels)
    )
    order = random_order(0)
    probe.probabilities(np.stack([np.arange(576) < 576 * share for share in SHARES])[:, order])
    before = probe.logit_cache.forwards
    road(probe, order)
    assert probe.logit_cache.forwards == before + 2 * len(SHARES)

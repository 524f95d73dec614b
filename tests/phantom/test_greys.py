"""Target percentiles and skin profile, and the picture that has them."""

from __future__ import annotations

import numpy as np

from xai_core.phantom.nuisance import draw_nuisances
from xai_core.phantom.tissue import draw_background
from xai_core.phantom.tone import QUANTILES, draw_greys, draw_tone_curve, expose


def test_percentiles_increase_and_stay_grey_levels() -> None:
    for seed in range(300):
        greys = draw_greys(np.random.default_rng(seed), 1.0)
        assert greys.percentiles.min() >= 1
        assert (np.diff(greys.percentiles) > 0).all() or greys.percentiles[-1] == 254
        assert greys.percentiles.max() <= 254
        assert 1 <= greys.profile.min() <= greys.profile.max() <= 250


def test_99_percentile_hardly_correlates_with_the_median_and_the_25_does() -> None:
    """Measured on real images: correlation 0.10 of the logarithms of 99 % and 50 %."""
    drawn = np.log([draw_greys(np.random.default_rng(s), 1.0).percentiles for s in range(3000)])
    bound = np.corrcoef(drawn.T)
    assert abs(bound[QUANTILES.index(99), QUANTILES.index(50)]) < 0.3
    assert bound[QUANTILES.index(25), QUANTILES.index(50)] > 0.6


def test_picture_of_normal_tissue_has_its_target_percentiles() -> None:
    background = draw_background(0, "CC", 256)
    for seed in range(6):
        wanted = draw_greys(np.random.default_rng(seed), background.scale).percentiles
        rng = np.random.default_rng(seed)  # the curve draws the same figures first
        curve = draw_tone_curve(rng, background)
        nuisances = draw_nuisances(np.random.default_rng(1), background)
        picture = expose(rng, curve, background, background.tissue, nuisances)
        found = np.percentile(picture[background.breast], QUANTILES)
        # The ends are what clips, fades and noise make of them.
        assert np.abs(found[2:6] / wanted[2:6] - 1).max() < 0.1


def test_the_curve_and_its_inverse_agree() -> None:
    background = draw_background(3, "MLO", 160)
    curve = draw_tone_curve(np.random.default_rng(3), background)
    for tissue in np.percentile(background.tissue[background.breast], (5, 30, 60, 95)):
        assert abs(curve.tissue(curve.grey(float(tissue))) - tissue) < 0.5

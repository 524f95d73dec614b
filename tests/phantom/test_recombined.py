"""The recombined image: own grid, own masks, and enhancing lesions are brighter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from xai_core.phantom.generate import insert_lesions
from xai_core.phantom.lexicon import CONSPICUITY_TERM, MASS
from xai_core.phantom.recombined import (
    draw_contrast_vessels,
    draw_nipple,
    draw_parenchyma,
    draw_reliefs,
    draw_thickness,
)
from xai_core.phantom.recombined_tone import QUANTILES, SKIN, apply_tone, draw_target_greys
from xai_core.phantom.tissue import draw_background
from xai_core.types import Pathology

HEIGHT = 160


@pytest.fixture(scope="module")
def pairs() -> list:  # type: ignore[type-arg]
    out = []
    for seed in range(12):
        background = draw_background(seed, ("CC", "MLO")[seed % 2], HEIGHT)
        pathology = (Pathology.MALIGNANT, Pathology.BENIGN, Pathology.NORMAL)[seed % 3]
        out.append(insert_lesions(seed, background, pathology, "LR"[seed % 2], recombined=True))
    return out


@pytest.mark.slow
def test_the_grids_differ_by_a_few_percent(pairs: list) -> None:  # type: ignore[type-arg]
    zooms = [p.recombined.image.shape[0] / p.image.shape[0] for p in pairs]
    assert all(0.965 <= zoom <= 1.035 for zoom in zooms)
    assert len(set(zooms)) >= 4


@pytest.mark.slow
def test_grey_levels_and_masks(pairs: list) -> None:  # type: ignore[type-arg]
    for p in pairs:
        image = p.recombined.image
        assert 0 <= image.min() < image.max() <= 255
        assert len(p.recombined.masks) == len(p.lesions)
        assert all(m.shape == image.shape for m in p.recombined.masks)
        assert not (p.recombined.mask & (image == 0)).mean() > 0.01
        if p.pathology is Pathology.NORMAL:
            assert not p.recombined.mask.any()


@pytest.mark.slow
def test_recombined_mask_is_empty_exactly_where_nothing_enhances(pairs: list) -> None:  # type: ignore[type-arg]
    kinds = set()
    for p in pairs:
        for lesion, mask in zip(p.lesions, p.recombined.masks, strict=True):
            enhances = CONSPICUITY_TERM in lesion.plan.descriptors
            assert mask.any() == enhances
            kinds.add(enhances)
    assert kinds == {True, False}


@pytest.mark.slow
def test_a_mass_of_high_conspicuity_is_bright(pairs: list) -> None:  # type: ignore[type-arg]
    seen = 0
    for p in pairs:
        for lesion, mask in zip(p.lesions, p.recombined.masks, strict=True):
            terms = lesion.plan.descriptors
            bright = terms.get(CONSPICUITY_TERM) == "high"
            if lesion.plan.kind != MASS or not bright or terms["mass enhancement"] == "rim":
                continue
            seen += 1
            image = p.recombined.image
            ring = ndi.binary_dilation(mask, iterations=8) & ~p.recombined.mask & (image > 0)
            assert image[mask].mean() > image[ring].mean() + 10
    assert seen >= 3


def test_target_greys_vary_as_in_real_images() -> None:
    drawn = [draw_target_greys(np.random.default_rng(seed)) for seed in range(300)]
    levels = np.array([w.percentiles for w in drawn])
    assert (np.diff(levels) > 0).all()
    assert levels.min() >= 1
    assert levels.max() <= 255
    assert all(w.profile.shape == (SKIN,) for w in drawn)
    # The darkest levels say little of the brightest: real ones do not scale together either.
    assert abs(np.corrcoef(np.log(levels[:, 0]), np.log(levels[:, 6]))[0, 1]) < 0.6
    assert 50 < np.median(levels[:, 3]) < 62


@pytest.mark.parametrize("height", [256, 512])
def test_picture_has_its_target_percentiles_and_profile(height: int) -> None:
    rng = np.random.default_rng(5)
    background = draw_background(6, "CC", height)
    wanted = draw_target_greys(np.random.default_rng(1))
    body = ndi.gaussian_filter(rng.standard_normal(background.breast.shape), 6) * 10
    noise = rng.standard_normal(background.breast.shape)
    grey = apply_tone(body.astype(np.float32), noise.astype(np.float32), background, wanted)
    got = np.percentile(grey[background.breast], QUANTILES)
    assert np.abs(got - wanted.percentiles).max() < 8
    depth = background.depth / background.scale
    rows = slice(int(0.4 * height), int(0.6 * height))
    for px in (10, 15, 30):
        there = np.abs(depth[rows] - px) < 1
        mean = float(grey[rows][there].mean())
        assert mean == pytest.approx(float(wanted.profile[px]), rel=0.3)


def test_the_zone_under_the_paddle_is_brighter_than_the_rim_outside_it() -> None:
    brighter = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        background = draw_background(seed, "CC", HEIGHT)
        flat = np.zeros(background.breast.shape, np.float32)
        zone = draw_thickness(rng, background, flat)
        depth = background.depth / background.scale
        row = slice(int(0.48 * HEIGHT), int(0.56 * HEIGHT))
        under = zone[row][(depth[row] > 70) & (depth[row] < 90)].mean()
        outside = zone[row][(depth[row] > 15) & (depth[row] < 25)].mean()
        brighter.append(under > outside)
    assert sum(brighter) >= 7


def test_relief_and_contrast_uptake_stay_within_the_breast() -> None:
    rng = np.random.default_rng(9)
    background = draw_background(9, "MLO", HEIGHT)
    flat = np.zeros(background.breast.shape, np.float32)
    (relief,) = draw_reliefs(rng, background, [background.tissue], flat)
    assert relief[background.breast].std() > 0.2
    assert np.abs(relief[background.depth < 0.5 * background.scale]).max() < 0.5
    vessels = draw_contrast_vessels(rng, background)
    assert vessels.min() >= 0
    assert vessels[~background.breast].max() == 0
    far = ndi.distance_transform_edt(background.uptake == 0) > 12
    assert not far.any() or draw_parenchyma(rng, background, flat)[far].max() < 0.5
    nipple = draw_nipple(rng, background)
    row, column = np.unravel_index(int(nipple.argmax()), nipple.shape)
    assert np.hypot(column - background.nipple[0], row - background.nipple[1]) < 15


@pytest.mark.slow
def test_the_same_seed_draws_the_same_picture(pairs: list) -> None:  # type: ignore[type-arg]
    background = draw_background(4, "CC", HEIGHT)
    again = insert_lesions(4, background, Pathology.BENIGN, "L", recombined=True)
    assert np.array_equal(again.recombined.image, pairs[4].recombined.image)  # type: ignore[union-attr]

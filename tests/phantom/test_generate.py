"""Phantoms are reproducible, masks lie in the breast, and the background hides the class."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from xai_core.phantom.fields import power_law
from xai_core.phantom.generate import SPLIT_SEEDS, SPLIT_SIZE, generate, insert_lesions
from xai_core.phantom.lexicon import MASS
from xai_core.phantom.tissue import draw_background
from xai_core.types import Pathology

HEIGHT = 256


@pytest.mark.parametrize("view", ["CC", "MLO"])
@pytest.mark.parametrize("pathology", list(Pathology))
def test_the_same_seed_gives_the_same_pixels(view: str, pathology: Pathology) -> None:
    a, b = (generate(5, pathology, view, height=HEIGHT, recombined=True) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.mask, b.mask)
    assert a.plans == b.plans
    assert a.recombined is not None
    assert b.recombined is not None
    assert np.array_equal(a.recombined.image, b.recombined.image)
    other = generate(6, pathology, view, height=HEIGHT)
    assert a.image.shape != other.image.shape or not np.array_equal(a.image, other.image)


def test_the_recombined_image_changes_nothing_in_the_low_energy_one() -> None:
    alone = generate(5, Pathology.MALIGNANT, "CC", height=HEIGHT)
    paired = generate(5, Pathology.MALIGNANT, "CC", height=HEIGHT, recombined=True)
    assert np.array_equal(alone.image, paired.image)
    assert alone.recombined is None


@pytest.mark.parametrize("seed", range(8))
def test_masks_are_not_empty_and_inside_the_breast(seed: int) -> None:
    view = ("CC", "MLO")[seed % 2]
    background = draw_background(np.random.default_rng(seed), view, HEIGHT)
    for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
        phantom = insert_lesions(np.random.default_rng(seed), background, pathology)
        assert phantom.mask.any()
        assert not (phantom.mask & ~background.breast).any()
    normal = insert_lesions(np.random.default_rng(seed), background, Pathology.NORMAL)
    assert not normal.mask.any()
    assert normal.plans == ()


def test_grey_range_and_side_of_the_chest_wall() -> None:
    left = generate(3, Pathology.BENIGN, "CC", "L", HEIGHT)
    right = generate(3, Pathology.BENIGN, "CC", "R", HEIGHT)
    assert left.image.min() >= 0
    assert left.image.max() <= 255
    assert left.image[:, :5].mean() > 10 > left.image[:, -5:].mean()
    assert np.array_equal(left.image[:, ::-1], right.image)


def test_lesion_is_brighter_than_the_same_tissue_without_it() -> None:
    background = draw_background(np.random.default_rng(0), "CC", HEIGHT)
    seen = 0
    for seed in range(20):
        with_lesion = insert_lesions(np.random.default_rng(seed), background, Pathology.MALIGNANT)
        without = insert_lesions(np.random.default_rng(seed), background, Pathology.NORMAL)
        first = with_lesion.lesions[0]
        if first.plan.kind != MASS or first.plan.occult:
            continue
        seen += 1
        mask = first.mask
        assert with_lesion.image[mask].mean() > without.image[mask].mean() + 3
    assert seen >= 8


def test_pixels_far_from_the_lesion_do_not_depend_on_the_class() -> None:
    """The tone curve comes from normal tissue: far from the lesion the pixels differ by noise."""
    background = draw_background(np.random.default_rng(1), "CC", HEIGHT)
    with_lesion = insert_lesions(np.random.default_rng(4), background, Pathology.MALIGNANT)
    without = insert_lesions(np.random.default_rng(4), background, Pathology.NORMAL)
    rows, columns = np.nonzero(with_lesion.mask)
    far = np.ones_like(with_lesion.mask)
    reach = 60
    far[max(0, rows.min() - reach) : rows.max() + reach, : columns.max() + reach] = False
    far &= background.breast
    assert far.sum() > 500
    difference = with_lesion.image[far] - without.image[far]
    assert abs(difference.mean()) < 0.2
    assert difference.std() < 3


@pytest.mark.parametrize("beta", [2.0, 3.0])
def test_field_has_the_requested_exponent(beta: float) -> None:
    values = power_law(np.random.default_rng(0), 512, beta).values
    n = values.shape[0]
    power = np.abs(np.fft.fft2(values)) ** 2
    frequency = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.fftfreq(n)[None])
    bins = np.digitize(frequency, np.geomspace(0.01, 0.4, 20))
    mean = np.array([power[bins == k].mean() for k in range(1, 20)])
    centre = np.array([frequency[bins == k].mean() for k in range(1, 20)])
    slope = -np.polyfit(np.log(centre), np.log(mean), 1)[0]
    assert slope == pytest.approx(beta, abs=0.15)


def test_field_is_periodic() -> None:
    field = power_law(np.random.default_rng(0), 64, 3.0)
    n = field.values.shape[0]
    x = np.array([0.25, 10.5], np.float32)
    assert np.allclose(field.at(x, x), field.at(x + n, x - n), atol=1e-4)


def test_seed_ranges_of_the_splits_do_not_overlap() -> None:
    starts = sorted(SPLIT_SEEDS.values())
    assert all(b - a >= SPLIT_SIZE for a, b in itertools.pairwise(starts))

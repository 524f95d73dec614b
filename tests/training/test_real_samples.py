"""Real tissue with and without a lesion: targets, masks, and what erasing leaves."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.preprocessing.erasure import breast_region, erased, grown
from xai_core.training.real import RealImage, elsewhere, tissue_of
from xai_core.training.real_samples import PHANTOMS, SHARES, WAYS, draw_way
from xai_core.types import BoolArray, FloatArray

SIZE = 128


def breast(seed: int, lesion: tuple[int, int]) -> tuple[FloatArray, BoolArray]:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    inside = np.hypot(x, 0.8 * (y - SIZE / 2)) < 0.5 * SIZE
    image = np.where(inside, 0.35 + 0.02 * rng.standard_normal((SIZE, SIZE)), 0)
    mask = np.hypot(x - lesion[0], y - lesion[1]) < 9
    image[mask] = 0.9
    return image.astype(np.float32), mask


def made(seed: int, lesion: tuple[int, int], malignant: bool = True) -> RealImage:
    image, mask = breast(seed, lesion)
    return RealImage.of(image, mask, malignant, tissue_of(image, mask, "L", "CC"))


IMAGES = [made(0, (20, 60)), made(1, (35, 75)), made(2, (25, 50))]
BENIGN = [made(3, (20, 60), malignant=False)]


def test_erasing_leaves_the_surroundings_brightness_and_nothing_else_changes() -> None:
    image, mask = breast(0, (20, 60))
    out = erased(image, mask, breast_region(image))
    assert out[mask].mean() == pytest.approx(0.35, abs=0.03)
    far = ~grown(mask, 4.0)
    np.testing.assert_allclose(out[far], image[far], atol=1e-3)
    assert erased(image, np.zeros_like(mask), breast_region(image)) is image


def test_a_sham_place_has_the_lesion_s_shape_and_is_on_unmarked_breast() -> None:
    image, mask = breast(0, (20, 60))
    place = elsewhere(mask, breast_region(image))
    assert place.sum() == mask.sum()
    assert not (place & grown(mask, SIZE / 512)).any()
    assert breast_region(image)[place].all()
    np.testing.assert_array_equal(place, elsewhere(mask, breast_region(image)))
    assert not elsewhere(mask, mask).any(), "no room"


@pytest.mark.parametrize("seed", range(8))
def test_own_lesions_are_shown_with_their_class(seed: int) -> None:
    for images, target in ((IMAGES, 0.95), (BENIGN, 0.05)):
        drawn = WAYS["own"](np.random.default_rng(seed), images)
        assert drawn.target == target
        assert drawn.mask.any()
        assert drawn.image[drawn.mask].mean() > 2 * drawn.image[~drawn.mask].mean()
        assert drawn.image.dtype == np.float32
        assert 0 <= drawn.image.min() <= drawn.image.max() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_an_erased_lesion_is_not_malignant_and_not_marked(seed: int) -> None:
    drawn = WAYS["erased"](np.random.default_rng(seed), IMAGES)
    assert (drawn.target, drawn.mask.any()) == (0.05, False)
    assert drawn.image.max() < 0.75, "the lesion was 0.9"


@pytest.mark.parametrize("seed", range(8))
def test_a_pasted_lesion_is_the_only_bright_place_and_is_marked(seed: int) -> None:
    for images, target in ((IMAGES, 0.95), (BENIGN, 0.05)):
        drawn = WAYS["pasted"](np.random.default_rng(seed), images)
        assert drawn.target == target
        assert drawn.mask.any()
        bright = drawn.image > 0.5 * (drawn.image.max() + np.median(drawn.image[drawn.image > 0.1]))
        assert (bright & drawn.mask).sum() > 0.9 * bright.sum()


def test_ways_are_drawn_by_their_shares_and_only_those_asked_for() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_way(rng, tuple(SHARES)) for _ in range(4000)]
    for way, share in SHARES.items():
        assert drawn.count(way) / len(drawn) == pytest.approx(share, abs=0.03)
    assert {draw_way(rng, ("own", PHANTOMS)) for _ in range(50)} == {"own", PHANTOMS}


def test_about_half_of_the_samples_with_real_tissue_are_malignant() -> None:
    """Own and pasted lesions are; of phantom lesions the training set's share is."""
    malignant = SHARES["own"] + SHARES["pasted"] + 0.42 * SHARES[PHANTOMS]
    assert malignant == pytest.approx(0.5, abs=0.05)

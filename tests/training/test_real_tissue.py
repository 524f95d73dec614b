"""A real breast as a background: the lesion is erased, shape and grey levels are kept."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.phantom.generate import insert_lesions
from xai_core.training.real import tissue_of
from xai_core.types import BoolArray, FloatArray, Pathology


def breast() -> tuple[FloatArray, BoolArray]:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:400, :300].astype(np.float32)
    inside = np.hypot(x, (y - 200) * 1.1) < 200
    image = np.where(inside, 0.35 + 0.05 * rng.standard_normal((400, 300)), 0).clip(0, 1)
    mask = np.hypot(x - 80, y - 180) < 25
    image[mask] += 0.5
    return image.astype(np.float32), mask


def test_the_lesion_is_erased_and_the_rest_stays() -> None:
    image, mask = breast()
    made = tissue_of(image, mask, "L", "CC")
    grey = made.tissue / 100
    assert grey.shape == made.breast.shape == made.depth.shape == made.glands.shape
    assert grey[made.breast].max() < 0.75, "the lesion was 0.85"
    assert grey[made.breast].mean() == pytest.approx(0.35, abs=0.03)
    assert (made.depth > 0).sum() == made.breast.sum()
    assert made.nipple[0] > 0.9 * made.breast.shape[1]


def test_right_breast_is_mirrored() -> None:
    image, mask = breast()
    left = tissue_of(image, mask, "L", "CC")
    right = tissue_of(image[:, ::-1].copy(), mask[:, ::-1].copy(), "R", "CC")
    assert left.breast.shape == right.breast.shape
    assert (left.breast == right.breast).mean() > 0.99


def test_depth_counts_from_the_skin_not_from_the_picture_s_edge() -> None:
    image, mask = breast()
    made = tissue_of(image, mask, None, None)
    middle = made.breast.shape[0] // 2
    assert made.depth[middle, 0] > made.depth[middle, made.breast.shape[1] // 2] > 10


def test_lesions_can_be_inserted_into_real_tissue() -> None:
    image, mask = breast()
    made = tissue_of(image, mask, "L", "MLO")
    drawn = insert_lesions(1, made, Pathology.MALIGNANT)
    assert drawn.mask.any()
    assert not (drawn.mask & ~made.breast).any()
    assert np.isfinite(drawn.image).all()

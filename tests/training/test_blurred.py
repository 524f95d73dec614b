"""Partly blurred images: lesions that are blurred away are not in the target."""

from __future__ import annotations

import numpy as np

from xai_core.training.data import partly_blurred
from xai_core.training.sample import DESCRIPTOR_VALUES, NO_LABELS, Sample

SIZE = 96
LABELS = (0,) * len(DESCRIPTOR_VALUES)


def picture() -> Sample:
    rng = np.random.default_rng(0)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:56, 40:56] = True
    image = (0.3 + 0.1 * rng.random((SIZE, SIZE)) + 0.4 * mask).astype(np.float32)
    return Sample(image, mask, 0.8, labels=LABELS)


def test_visible_share_of_the_lesion_decides_the_target() -> None:
    whole = picture()
    seen = {"shown": 0, "hidden": 0, "half": 0}
    for seed in range(80):
        got = partly_blurred(np.random.default_rng(seed), whole)
        assert not (got.mask & ~whole.mask).any()
        assert np.array_equal(got.image[got.mask], whole.image[got.mask]), "shown as it was"
        share = got.mask.sum() / whole.mask.sum()
        if share >= 0.75:
            seen["shown"] += 1
            assert (got.target, got.class_counts, got.labels) == (0.8, True, LABELS)
        else:
            seen["hidden" if share <= 0.25 else "half"] += 1
            assert got.target == 0
            assert got.labels == NO_LABELS
            assert got.class_counts == (share <= 0.25)
    assert min(seen.values()) > 3


def test_some_images_are_blurred_entirely() -> None:
    rough = [
        float(np.abs(np.diff(partly_blurred(np.random.default_rng(s), picture()).image)).max())
        for s in range(30)
    ]
    assert 3 < sum(r < 0.03 for r in rough) < 20


def test_image_without_a_lesion_keeps_its_class() -> None:
    normal = Sample(picture().image, np.zeros((SIZE, SIZE), bool), 0.0)
    for seed in range(10):
        got = partly_blurred(np.random.default_rng(seed), normal)
        assert not got.mask.any()
        assert got.class_counts
        assert got.target == 0

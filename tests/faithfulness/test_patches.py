"""Relevance, order, ties, names and rendering of patches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.errors import BadRequest
from xai_core.faithfulness import patches
from xai_core.store.scorebook import BASELINE, INTACT


def test_relevance_is_the_mean_per_patch_in_row_major_order() -> None:
    values = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 0]], np.float32)
    assert patches.relevance(values, 2).tolist() == [0.5, 0, 1, 0.25]
    assert patches.relevance(np.ones((384, 384), np.float32)).shape == (576,)
    with pytest.raises(BadRequest, match="100 pixels does not divide into 24"):
        patches.relevance(np.ones((100, 100), np.float32))


def test_ties_go_by_lower_index_or_all_the_other_way() -> None:
    r = np.array([0.0, 0.5, 0.0, 1.0, 0.5, 0.0])
    assert patches.descending(r).tolist() == [3, 1, 4, 0, 2, 5]
    assert patches.descending(r, ties_reversed=True).tolist() == [3, 4, 1, 5, 2, 0]
    assert patches.tie_fraction(r) == pytest.approx(5 / 6)
    assert patches.tie_fraction(np.arange(4.0)) == 0
    assert patches.tie_fraction(np.zeros(4)) == 1


def test_baseline_orders() -> None:
    assert sorted(patches.random_order(3)) == list(range(576))
    assert patches.random_order(3).tolist() == patches.random_order(3).tolist()
    assert patches.random_order(3).tolist() != patches.random_order(4).tolist()
    assert patches.centre_first(3).tolist() == [4, 1, 3, 5, 7, 0, 2, 6, 8]
    assert set(patches.centre_first(24)[:4]) == {11 * 24 + 11, 11 * 24 + 12, 12 * 24 + 11, 300}


def test_the_first_k_patches() -> None:
    kept = patches.first_patches(np.array([2, 0, 1, 3]), np.array([0, 1, 3, 4]))
    assert kept.astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_an_image_is_named_by_its_576_bits() -> None:
    kept = np.zeros(576, bool)
    assert patches.key(kept) == BASELINE
    assert patches.key(~kept) == INTACT
    kept[0] = True
    assert patches.key(kept) == "patches/24x24/8" + "0" * 143
    assert patches.key(kept[:4]) == "patches/2x2/80"


def test_rendering_shows_the_kept_patches_of_the_image() -> None:
    x = torch.arange(2 * 4 * 4, dtype=torch.float32).reshape(2, 4, 4) + 1
    images = patches.render(x, -x, np.array([[1, 0, 0, 0], [0, 1, 1, 0]], bool))
    assert images.shape == (2, 2, 4, 4)
    sign = torch.sign(images[:, 1])
    assert sign[0].tolist() == [[1, 1, -1, -1], [1, 1, -1, -1], [-1] * 4, [-1] * 4]
    assert sign[1].tolist() == [[-1, -1, 1, 1]] * 2 + [[1, 1, -1, -1]] * 2
    assert torch.equal(images.abs()[0], x)


def test_blending_commutes_with_the_normalisation() -> None:
    """Why one space suffices: choosing patches in [0, 1] and normalising is the same."""
    rng = np.random.default_rng(0)
    x, b = (torch.from_numpy(rng.random((1, 48, 48), dtype=np.float32)) for _ in range(2))
    kept = rng.random((3, 576)) < 0.5

    def normalised(image: torch.Tensor) -> torch.Tensor:
        return (image - 0.3) / 0.2

    assert torch.equal(
        normalised(patches.render(x, b, kept)), patches.render(normalised(x), normalised(b), kept)
    )

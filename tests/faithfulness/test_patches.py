"""Relevance, order, ties, cache keys and rendering of patches."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from xai_core.errors import BadRequest
from xai_core.faithfulness import patches
from xai_core.scoring.logit_cache import BASELINE, INTACT


def test_relevance_is_the_mean_per_patch_in_row_major_order() -> None:
    values = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 0]], np.float32)
    assert patches.relevance(values, 2).tolist() == [0.5, 0, 1, 0.25]
    assert patches.relevance(np.ones((384, 384), np.float32)).shape == (576,)
    with pytest.raises(BadRequest, match="23 pixels does not divide into 24"):
        patches.relevance(np.ones((23, 23), np.float32))


def test_edges_are_whole_pixels_as_evenly_spaced_as_possible() -> None:
    assert patches.edges(384).tolist() == list(range(0, 385, 16))
    assert patches.edges(256)[:5].tolist() == [0, 11, 21, 32, 43]  # of 0, 10.67, 21.33, 32, 42.67
    assert patches.edges(10, 4).tolist() == [0, 3, 5, 8, 10]  # 2.5 and 7.5 go up
    for size in range(24, 1025):
        lines = patches.edges(size)
        widths = np.diff(lines)
        assert (lines[0], lines[-1], len(lines)) == (0, size, 25)
        assert set(widths) <= {size // 24, -(-size // 24)}
    with pytest.raises(BadRequest, match="23 pixels"):
        patches.edges(23)


def test_relevance_of_even_patches_is_bit_identical_to_the_mean_of_blocks() -> None:
    """Areas under curves depend on the order of the patches, so no bit may change."""

    def mean_of_blocks(values: np.ndarray, grid: int = 24) -> np.ndarray:
        side = values.shape[-1] // grid
        tiles = values.astype(np.float64).reshape(grid, side, grid, side)
        return np.asarray(tiles.mean((1, 3)).ravel())

    for size in (96, 384, 768):
        values = np.random.default_rng(size).random((size, size), np.float32)
        assert np.array_equal(patches.relevance(values), mean_of_blocks(values))


@pytest.mark.parametrize("size", [32, 100, 256])
def test_uneven_patches_are_averaged_and_rendered_by_the_same_edges(size: int) -> None:
    rng = np.random.default_rng(size)
    values = rng.random((size, size), np.float32)
    lines = patches.edges(size)
    boxes = [
        (slice(lines[i], lines[i + 1]), slice(lines[j], lines[j + 1]))
        for i in range(24)
        for j in range(24)
    ]
    means = [values[box].mean(dtype=np.float64) for box in boxes]
    np.testing.assert_allclose(patches.relevance(values), means, rtol=1e-12)
    kept = rng.random((2, 576)) < 0.5
    x, b = torch.rand(3, size, size), torch.rand(3, size, size)
    for row, image in zip(kept, patches.render(x, b, kept), strict=True):
        for shown, box in zip(row, boxes, strict=True):
            assert torch.equal(image[:, *box], (x if shown else b)[:, *box])


def test_ties_are_ordered_by_lower_or_by_higher_index() -> None:
    r = np.array([0.0, 0.5, 0.0, 1.0, 0.5, 0.0])
    assert patches.descending(r).tolist() == [3, 1, 4, 0, 2, 5]
    assert patches.descending(r, ties_reversed=True).tolist() == [3, 4, 1, 5, 2, 0]
    many = np.arange(576) % 5 / 5
    by_hand = sorted(range(576), key=lambda i: (-many[i], i))
    assert patches.descending(many).tolist() == by_hand
    by_hand = sorted(range(576), key=lambda i: (-many[i], -i))
    assert patches.descending(many, ties_reversed=True).tolist() == by_hand
    assert patches.tie_fraction(r) == pytest.approx(5 / 6)
    assert patches.tie_fraction(np.arange(4.0)) == 0
    assert patches.tie_fraction(np.zeros(4)) == 1


def test_baseline_orders_are_permutations() -> None:
    assert sorted(patches.random_order(3)) == list(range(576))
    assert patches.random_order(3).tolist() == patches.random_order(3).tolist()
    assert patches.random_order(3).tolist() != patches.random_order(4).tolist()
    assert patches.centre_first(3).tolist() == [4, 1, 3, 5, 7, 0, 2, 6, 8]
    assert set(patches.centre_first(24)[:4]) == {11 * 24 + 11, 11 * 24 + 12, 12 * 24 + 11, 300}


def test_the_first_k_patches() -> None:
    kept = patches.first_patches(np.array([2, 0, 1, 3]), np.array([0, 1, 3, 4]))
    assert kept.astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_image_key_holds_the_bits_of_the_mask() -> None:
    kept = np.zeros(576, bool)
    assert patches.image_key(kept) == BASELINE
    assert patches.image_key(~kept) == INTACT
    kept[0] = True
    assert patches.image_key(kept) == "patches/24x24/8" + "0" * 143
    assert patches.image_key(kept[:4]) == "patches/2x2/80"


def test_rendering_shows_the_kept_patches_of_the_image() -> None:
    x = torch.arange(2 * 4 * 4, dtype=torch.float32).reshape(2, 4, 4) + 1
    images = patches.render(x, -x, np.array([[1, 0, 0, 0], [0, 1, 1, 0]], bool))
    assert images.shape == (2, 2, 4, 4)
    sign = torch.sign(images[:, 1])
    assert sign[0].tolist() == [[1, 1, -1, -1], [1, 1, -1, -1], [-1] * 4, [-1] * 4]
    assert sign[1].tolist() == [[-1, -1, 1, 1]] * 2 + [[1, 1, -1, -1]] * 2
    assert torch.equal(images.abs()[0], x)


def test_blending_commutes_with_the_normalisation() -> None:
    """Selecting patches in [0, 1] and then normalising gives the same as in input space."""
    rng = np.random.default_rng(0)
    x, b = (torch.from_numpy(rng.random((1, 48, 48), dtype=np.float32)) for _ in range(2))
    kept = rng.random((3, 576)) < 0.5

    def normalised(image: torch.Tensor) -> torch.Tensor:
        return (image - 0.3) / 0.2

    assert torch.equal(
        normalised(patches.render(x, b, kept)), patches.render(normalised(x), normalised(b), kept)
    )


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.packbits(array).tobytes()).hexdigest()[:16]


def test_masks_and_keys_stay_those_of_earlier_scores() -> None:
    """Kept scores are found by their masks: another mask or key would make them lost, or wrong."""
    order = patches.random_order(0)
    masks = patches.first_patches(order, np.arange(577))
    assert masks.sum(1).tolist() == list(range(577))
    assert digest(masks) == "583ce2284057f919"
    assert digest(patches.pixels(masks[[0, 1, 288, 576]], 100)) == "95694af98a36a985"
    keys = "\n".join(patches.image_key(row) for row in masks)
    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == "5e46fe70885c27c9"
    ties = patches.tie_orders(np.array([0.5, 0.0, 0.5, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0]))
    assert ties.tolist() == [
        [5, 2, 0, 7, 4, 1, 6, 8, 3],
        [5, 0, 2, 3, 8, 6, 1, 4, 7],
        [5, 0, 2, 8, 6, 7, 4, 1, 3],
        [5, 2, 0, 3, 1, 4, 7, 6, 8],
    ]


def test_keys_of_another_filling_differ_except_for_the_whole_image() -> None:
    some = np.zeros(576, bool)
    some[3] = True
    for kept in (some, ~some, some & False):
        assert len({patches.image_key(kept, filling) for filling in ("", "grey", "road")}) == 3
    whole = some | True
    assert patches.image_key(whole, "grey") == patches.image_key(whole) == INTACT
    assert patches.image_key(some & False, "grey") == "image/grey"

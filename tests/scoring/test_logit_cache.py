"""The logit cache: every image is scored once, in chunks, for all callers."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from tests.support.networks import wide_random
from xai_core.errors import BadRequest, Cancelled, ModelError
from xai_core.scoring.logit_cache import BASELINE, INTACT, LogitCache, mask_key


class Images:
    """Renders image i as the constant i, and records the positions requested."""

    def __init__(self) -> None:
        self.rendered: list[list[int]] = []

    def __call__(self, positions):
        self.rendered.append(list(positions))
        return torch.tensor(list(positions), dtype=torch.float32)[:, None, None, None].expand(
            -1, 3, 2, 2
        )


def scorer(images: torch.Tensor) -> torch.Tensor:
    mean = images.mean((1, 2, 3))
    return torch.stack([mean, -mean], 1)


def test_logits_are_in_key_order_and_duplicates_scored_once() -> None:
    logit_cache, images = LogitCache(scorer, chunk=2), Images()
    logits = logit_cache.score(["a", "b", "a", "c"], images)
    assert logits.dtype == np.float32
    assert logits[:, 0].tolist() == [0, 1, 0, 3]
    assert images.rendered == [[0, 1], [3]]
    assert logit_cache.forwards == 3


def test_cached_images_are_not_scored() -> None:
    logit_cache = LogitCache(scorer, known={"a": np.array([7, 8], np.float32)})
    images = Images()
    assert logit_cache.known(["a", "b"]).tolist() == [True, False]
    assert logit_cache.score(["a", "b"], images).tolist() == [[7, 8], [1, -1]]
    assert images.rendered == [[1]]
    assert logit_cache.score(["b"], images).tolist() == [[1, -1]]
    assert logit_cache.forwards == 1
    assert LogitCache(scorer, known=logit_cache.items()).known(["a", "b"]).all()


def test_progress_is_reported_after_each_chunk_with_nan_where_unknown() -> None:
    seen = []
    LogitCache(scorer, chunk=2).score(
        ["a", "b", "c"], Images(), lambda *args: seen.append((args[0], args[1], args[2].copy()))
    )
    assert [(done, total) for done, total, _ in seen] == [(2, 3), (3, 3)]
    assert np.isnan(seen[0][2][2]).all()
    assert np.isfinite(seen[1][2]).all()


def test_cancelling_keeps_what_was_scored() -> None:
    logit_cache = LogitCache(scorer, chunk=2)

    def stop(done, total, partial):
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        logit_cache.score(["a", "b", "c"], Images(), stop)
    assert logit_cache.known(["a", "b", "c"]).tolist() == [True, True, False]
    assert logit_cache.score(["a", "b", "c"], Images())[:, 0].tolist() == [0, 1, 2]
    assert logit_cache.forwards == 3


def test_empty_list_of_keys() -> None:
    assert LogitCache(scorer).score([], Images()).shape == (0, 0)
    known = LogitCache(scorer).known([])
    assert known.shape == (0,)
    assert known.dtype == bool


def test_eight_images_make_a_chunk_unless_told_otherwise() -> None:
    images = Images()
    LogitCache(scorer).score([str(i) for i in range(9)], images)
    assert images.rendered == [list(range(8)), [8]]


def test_handed_out_logits_cannot_change_the_cache() -> None:
    cache = LogitCache(scorer, known={"a": np.array([7, 8], np.float32)})
    cache.score(["b"], Images())
    for row in cache.items().values():
        with pytest.raises(ValueError, match="read-only"):
            row[0] = 0
    cache.items().clear()
    assert cache.known(["a", "b"]).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_logit_that_is_not_finite_raises_and_is_not_cached(bad: float) -> None:
    logit_cache = LogitCache(lambda images: torch.full((len(images), 2), bad))
    with pytest.raises(ModelError, match="not a finite number"):
        logit_cache.score(["a"], Images())
    assert not logit_cache.known(["a"]).any()


def test_a_scorer_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"shape \(3,\)"):
        LogitCache(lambda images: images.mean((1, 2, 3))).score(["a", "b", "c"], Images())


def test_a_chunk_holds_at_least_one_image() -> None:
    with pytest.raises(BadRequest, match="at least 1"):
        LogitCache(scorer, chunk=0)


def test_concurrent_threads_score_each_image_once() -> None:
    logit_cache, images = LogitCache(scorer, chunk=3), Images()
    keys = [str(i) for i in range(40)]
    start = threading.Barrier(4)
    answers = []

    def work() -> None:
        start.wait()
        answers.append(logit_cache.score(keys, images))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert logit_cache.forwards == 40
    assert all(np.array_equal(a[:, 0], np.arange(40)) for a in answers)


def test_mask_key_identifies_the_mask() -> None:
    kept = np.zeros((2, 4), bool)
    assert mask_key("patches", kept) == BASELINE
    assert mask_key("patches", ~kept) == INTACT
    kept[0, 0] = kept[1, 3] = True
    assert mask_key("patches", kept) == "patches/2x4/81"
    big = np.zeros((384, 384), bool)
    big[0, 0] = True
    other = big.copy()
    other[0, 1] = True
    assert mask_key("pixels", big) != mask_key("pixels", other)
    assert len(mask_key("pixels", big)) < 60


@pytest.mark.parametrize("shape", [(4, 6), (24, 24), (40, 40)])
def test_mask_keys_differ_exactly_where_masks_do(shape) -> None:
    """Keys written out (24 bits, 576 bits) and digests (1600 bits): of single pixels on and off, of
    random masks, and of the same bits in other shapes and kinds."""
    rng = np.random.default_rng(0)
    size = shape[0] * shape[1]
    single = np.eye(size, dtype=bool)
    masks = [*single, *~single, *(rng.random((50, size)) < 0.5)]
    keys = {mask_key("pixels", mask.reshape(shape)) for mask in masks}
    assert len(keys) == len({mask.tobytes() for mask in masks})
    for mask in masks[:: size // 4]:
        kept = mask.reshape(shape)
        same = [kept.copy(), np.asfortranarray(kept), np.repeat(kept, 2, axis=1)[:, ::2]]
        assert {mask_key("pixels", one) for one in same} == {mask_key("pixels", kept)}
        others = [
            mask_key("patches", kept), mask_key("pixels", mask.reshape(shape[0] // 2, -1)),
            mask_key("pixels", ~kept),
        ]  # fmt: skip
        assert len({mask_key("pixels", kept), *others}) == 4


def test_a_scorer_of_its_own_is_asked_instead_of_the_model() -> None:
    def never(images: torch.Tensor) -> torch.Tensor:
        raise AssertionError("the model was asked")

    cache = LogitCache(never, chunk=2)
    given = torch.arange(3.0)[:, None]
    keys = ["a/0", "a/1", "a/2"]

    def score() -> list[float]:
        rows = cache.score(keys, lambda positions: given[positions], scorer=lambda rows: rows * 2)
        return rows[:, 0].tolist()

    assert score() == score() == [0, 2, 4]
    assert cache.forwards == 3
    with pytest.raises(AssertionError, match="the model was asked"):
        cache.score(["b"], lambda positions: given[positions])


def test_masks_of_up_to_1024_pixels_are_written_out() -> None:
    written, digest = np.zeros((32, 32), bool), np.zeros((25, 41), bool)
    written[0, 0] = digest[0, 0] = True
    assert mask_key("patches", written) == "patches/32x32/8" + "0" * 255
    assert len(mask_key("patches", digest)) == len("patches/25x41/") + 32


def test_oracle_7_chunks_agree_with_one_eager_float32_pass_to_1e_4() -> None:
    """Engine parity: the composition of batches does not change a logit."""
    import timm

    torch.manual_seed(0)
    net = wide_random(timm.create_model("convnextv2_atto", num_classes=2))
    stack = torch.randn(7, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        eager = torch.cat([net(image[None]) for image in stack]).numpy()
    assert eager.std() > 0.01
    for chunk in (1, 3, 8):
        logits = LogitCache(net, chunk).score(list("abcdefg"), lambda i: stack[list(i)])
        np.testing.assert_allclose(logits, eager, atol=1e-4)

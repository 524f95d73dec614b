"""The parity gate: an engine scores cases only if its logits on fixed images are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from xai_core.model.engine.base import (
    EagerScorer,
    EngineUnavailable,
    check,
    difference,
    fixed_images,
)

SIZE = 32


class Sums:
    """Two logits per image; ``change`` is applied to them."""

    title = "Sums"

    def __init__(self, change: Callable[[Tensor], Tensor] = lambda logits: logits) -> None:
        self._change = change

    def __call__(self, inputs: Tensor) -> Tensor:
        total = inputs.mean((1, 2, 3))
        return self._change(torch.stack([total, -total], 1))


def only(batch: int, offset: float) -> Callable[[Tensor], Tensor]:
    """Adds ``offset`` to the last logit of batches of this size."""

    def change(logits: Tensor) -> Tensor:
        if len(logits) == batch:
            logits[-1, -1] += offset
        return logits

    return change


def test_the_fixed_images_are_a_ramp_a_disc_and_noise() -> None:
    images = fixed_images(SIZE)
    assert images.shape == (3, 3, SIZE, SIZE)
    assert images.dtype == torch.float32
    assert images.is_contiguous()
    assert torch.equal(images[:, 0], images[:, 1])
    assert torch.equal(images[:, 0], images[:, 2])
    ramp, disc, noise = images[:, 0].numpy()
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    np.testing.assert_allclose(ramp, 2 * x + y - 1.5, atol=1e-6)
    assert (ramp[0, 0], ramp[0, 16], ramp[16, 0]) == (-1.5, -0.5, -1.0)
    assert set(np.unique(disc)) == {-1, 1}
    assert [disc[16, column] for column in (0, 12, 13, 31)] == [1, 1, -1, -1]  # 0.4 of 32: 12.8
    assert [disc[row, 0] for row in (3, 4, 28, 29)] == [-1, 1, 1, -1]
    assert abs(noise.mean()) < 0.1
    assert noise.std() == pytest.approx(1, abs=0.1)
    assert torch.equal(images, fixed_images(SIZE))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("offset", [0.25, -0.25])
def test_the_largest_difference_counts_in_a_batch_and_alone(batch: int, offset: float) -> None:
    assert difference(Sums(), Sums(), SIZE) == 0
    assert difference(Sums(only(batch, offset)), Sums(), SIZE) == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        lambda logits: logits[:, :1],
        lambda logits: logits if len(logits) > 1 else logits[0],
        lambda logits: logits if len(logits) == 1 else logits[:2],
        lambda logits: logits * torch.nan,
        only(3, float("inf")),
        only(1, float("nan")),
    ],
)
def test_wrong_shapes_and_values_differ_infinitely(change: Callable[[Tensor], Tensor]) -> None:
    assert difference(Sums(change), Sums(), SIZE) == float("inf")
    with pytest.raises(EngineUnavailable, match="differ from PyTorch's by inf"):
        check(Sums(change), Sums(), SIZE)


def test_the_tolerance_is_a_ten_thousandth_of_a_logit() -> None:
    zero = Sums(lambda logits: logits * 0)
    check(Sums(lambda logits: logits * 0 + 0.9e-4), zero, SIZE)
    with pytest.raises(EngineUnavailable, match=r"by 1\.1e-04, allowed are 1e-04$"):
        check(Sums(lambda logits: logits * 0 + 1.1e-4), zero, SIZE)


def test_the_reference_scores_without_a_graph() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.AdaptiveAvgPool2d(1))
    scorer = EagerScorer(network, torch.device("cpu"))
    images = torch.rand(2, 3, 4, 4)
    found = scorer(images)
    assert found.is_inference()
    torch.testing.assert_close(found, network(images).detach())
    assert scorer.title == "PyTorch"

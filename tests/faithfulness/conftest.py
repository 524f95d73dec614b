"""Probes with scorers whose curves are known, because P is a simple function of the image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from xai_core.faithfulness.patches import GRID
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.scoring.logit_cache import LogitCache

N = GRID * GRID


def two_logits(p: Tensor) -> Tensor:
    """Logits whose softmax gives class 1 the probability ``p`` (n,)."""
    p = p.double().clamp(1e-30, 1)
    return torch.stack([torch.log((1 - p).clamp(1e-30)), torch.log(p)], 1).float()


def sum_of_pixels(images: Tensor) -> Tensor:
    """P is the sum of the pixels of the first channel."""
    return two_logits(images[:, 0].sum((1, 2)))


@pytest.fixture
def sum_probe() -> PerturbationProbe:
    """Oracle 3: 4 patches of one pixel, zero baseline, P the sum of what is shown."""
    x = torch.tensor([[[0.4, 0.3], [0.2, 0.1]]])
    return PerturbationProbe(x, torch.zeros_like(x), 1, LogitCache(sum_of_pixels), grid=2)


MakeProbe = Callable[[np.ndarray, np.ndarray], PerturbationProbe]


@pytest.fixture
def scripted() -> MakeProbe:
    """A probe whose curves in the order 0, 1, 2, ... are given: two arrays of 577 values.

    A pixel is a patch, white where shown.  Insertion shows the first patch from its first step on,
    deletion hides it from its first step on: the scorer distinguishes the curves by that.
    """

    def make(insertion: np.ndarray, deletion: np.ndarray) -> PerturbationProbe:
        curves = torch.from_numpy(np.stack([deletion, insertion]))

        def scorer(images: Tensor) -> Tensor:
            shown = images[:, 0].flatten(1)
            inserting = shown[:, 0].long()
            count = shown.sum(1).long()
            step = torch.where(inserting == 1, count, N - count)
            # the ends are shared: deletion starts with all patches shown and ends with none
            inserting = torch.where((count == 0) | (count == N), 0, inserting)
            step = torch.where(count == N, 0, step)
            return two_logits(curves[inserting, step])

        x = torch.ones(1, GRID, GRID)
        return PerturbationProbe(x, torch.zeros_like(x), 1, LogitCache(scorer))

    return make

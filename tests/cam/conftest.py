"""Small ConvNeXt V2 networks, split at a stage, and the layer inputs of methods made with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from tests.support.networks import small_convnext, wide_random
from xai_core.cam.base import LayerInputs
from xai_core.scoring.logit_cache import LogitCache

STAGE = {"stages.2.blocks.1": 3, "stages.3.blocks.0": 4} | {
    "stages.2.blocks.8": 3,
    "stages.3.blocks.2": 4,
}


@pytest.fixture(scope="session")
def small_net() -> nn.Module:
    """A ConvNeXt V2 of 4 stages for inputs of 96: Stage 3 is 24 x 6 x 6, Stage 4 is 32 x 3 x 3."""
    return small_convnext((1, 1, 2, 1))


@pytest.fixture(scope="session")
def real_net() -> nn.Module:
    """The classifier's own architecture with random weights."""
    torch.manual_seed(0)
    return wide_random(timm.create_model("convnextv2_tiny", pretrained=False, num_classes=2))


def picture(size: int, seed: int = 0) -> Tensor:
    """A smooth random picture in input space, three equal channels (3, size, size)."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.standard_normal((1, 1, size // 8, size // 8))).float()
    grey = nn.functional.interpolate(coarse, (size, size), mode="bicubic")[0]
    return grey.expand(3, -1, -1).contiguous()


@pytest.fixture(scope="session")
def x96() -> Tensor:
    return picture(96)


@pytest.fixture(scope="session")
def x384() -> Tensor:
    return picture(384)


class MakeLayerInputs(Protocol):
    def __call__(
        self,
        net: nn.Module,
        x: Tensor,
        layer: str,
        chunk: int = 8,
        logit_cache: LogitCache | None = None,
    ) -> LayerInputs: ...


@pytest.fixture(scope="session")
def make_layer_inputs() -> MakeLayerInputs:
    """Makes layer inputs with a split network and autograd.grad through its tail, as the classifier
    does."""

    def make(
        net: nn.Module, x: Tensor, layer: str, chunk: int = 8, logit_cache: LogitCache | None = None
    ) -> LayerInputs:
        cut = STAGE[layer]
        stages = list(net.stages)
        with torch.no_grad():
            activation = net.stem(x[None])
            for stage in stages[:cut]:
                activation = stage(activation)

        def tail(a: Tensor) -> Tensor:
            for stage in stages[cut:]:
                a = stage(a)
            logits: Tensor = net.forward_head(net.norm_pre(a))
            return logits

        def gradient(target: int) -> Tensor:
            leaf = activation.detach().requires_grad_(True)
            return torch.autograd.grad(tail(leaf)[0, target], leaf)[0][0]

        return LayerInputs(
            layer=layer,
            x=x,
            baseline=x.mean((1, 2), keepdim=True).expand_as(x).contiguous(),
            black=torch.full_like(x, -1.5),
            activate=lambda: activation[0],
            gradient=gradient,
            classes=net.num_classes,
            tail=tail,
            logit_cache=logit_cache or LogitCache(net, chunk),
        )

    return make


@pytest.fixture
def counting() -> Callable[[Callable[[Tensor], Tensor]], tuple[Callable[[Tensor], Tensor], list]]:
    """Wraps a scorer and records the batch sizes it was called with."""

    def wrap(scorer):
        calls: list[int] = []

        def scored(images: Tensor) -> Tensor:
            calls.append(len(images))
            return scorer(images)

        return scored, calls

    return wrap

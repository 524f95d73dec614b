"""The head of a ConvNeXt in closed form: means over positions, layer norm, linear layer.

Behind the last block nothing but the mean of each channel counts (timm's NormMlpClassifierHead
without a hidden layer).  Where one channel's mean changes, the layer norm's mean and variance
change by terms of that channel alone, so that the logits of all channels changed one at a time
cost as much as one product of two matrices.  In float64: single channels change little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from xai_core.errors import ModelError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClosedHead:
    """Layer norm, then a linear layer, on the channels' means over positions.

    ``scale``, ``shift``: of the layer norm (C,).  ``weight``: (classes, C) and ``bias``: (classes,)
    of the linear layer.  ``eps``: what the layer norm adds to the variance.  All float64.
    """

    scale: Floats
    shift: Floats
    weight: Floats
    bias: Floats
    eps: float

    @classmethod
    def of(cls, network: nn.Module) -> ClosedHead:
        """The head of one of timm's ConvNeXt networks.

        Raises:
            ModelError: a head of another form, such as one with a hidden layer.
        """
        whole = cast(Any, network)
        head = getattr(whole, "head", None)
        pool = getattr(getattr(head, "global_pool", None), "pool_type", None)
        norm, linear = getattr(head, "norm", None), getattr(head, "fc", None)
        if not (
            pool == "avg"
            and isinstance(norm, nn.LayerNorm)
            and isinstance(linear, nn.Linear)
            and isinstance(getattr(head, "pre_logits", None), nn.Identity)
            and isinstance(getattr(whole, "norm_pre", None), nn.Identity)
        ):
            raise ModelError(
                "The network's head is not a mean over positions, a layer norm and a linear layer; "
                "give a network whose name in timm begins with convnextv2_."
            )
        scale, shift = _array(norm.weight), _array(norm.bias)
        return cls(scale, shift, _array(linear.weight), _array(linear.bias), norm.eps)

    def logits(self, means: ArrayLike) -> Floats:
        """Channel means (..., C) to logits (..., classes)."""
        x = np.asarray(means, np.float64)
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps)
        return np.asarray((x * self.scale + self.shift) @ self.weight.T + self.bias)

    def each_changed(self, means: ArrayLike, values: ArrayLike) -> Floats:
        """The logits (C, classes) where one channel's mean after the other is another value.

        With x the centred means, V their sum of squares and d the change of channel k, the new sum
        of squares is V + 2 d x_k + d^2 (1 - 1/C), and the linear layer's sum over scale times
        centred mean changes by d (weight_k scale_k - mean of weight times scale over channels).

        Args:
            means: (C,), of the unedited activation.
            values: (C,), row k of the answer has channel k's mean at ``values[k]``: 0 where each
                is switched off, a factor times ``means`` where each is scaled, the means of
                another activation where each is replaced.
        """
        p = np.asarray(means, np.float64)
        change = np.asarray(values, np.float64) - p
        count = len(p)
        x = p - p.mean()
        squares = (x * x).sum() + 2 * change * x + change**2 * (1 - 1 / count)
        # Rounding may leave a sum of squares a little below 0 where all channels are equal.
        deviation = np.sqrt(np.maximum(squares, 0) / count + self.eps)
        weighted = self.weight * self.scale  # (classes, C)
        own = weighted - weighted.mean(1, keepdims=True)
        sums = (weighted @ x)[:, None] + own * change
        fixed = self.weight @ self.shift + self.bias
        return np.asarray((sums / deviation).T + fixed)


def channel_means(activations: Tensor) -> Floats:
    """The means over positions, in float64: (..., C, h, w) to (..., C)."""
    return np.asarray(activations.double().mean((-2, -1)).cpu().numpy())


def _array(parameter: Tensor) -> Floats:
    return np.asarray(parameter.detach().double().cpu().numpy())

"""The reference: PyTorch, operation by operation, in float32."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class EagerScorer:
    """PyTorch on one device; the network must be there, in evaluation mode and channels-last."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._network, self._device = network, device
        self.title = "PyTorch on the graphics card" if device.type == "cuda" else "PyTorch"
        if (
            device.type == "cuda"
        ):  # TF32 keeps 10 bits of the fraction: logits move by more than 1e-4
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False

    def __call__(self, inputs: Tensor) -> Tensor:
        """See :class:`xai_core.model.engine.base.Scorer`."""
        with torch.inference_mode():
            x = inputs.to(self._device, memory_format=torch.channels_last)
            logits: Tensor = self._network(x)
            return logits

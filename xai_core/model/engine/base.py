"""What an engine is: the contract, the reference, and the gate that every other passes.

What an engine is, and why one may not be usable.

The reference: PyTorch, operation by operation, in float32.

The gate every engine passes before it scores a case: the reference's logits on fixed images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn


class EngineUnavailable(Exception):  # internal: never reaches a person as an error
    """An engine cannot be used; ``str(problem)`` is half a sentence that says why."""


class Scorer(Protocol):
    """Scores batches of images; safe to call from any thread.

    Every scorer agrees with eager PyTorch in float32 within 1e-4 per logit, and an image's logits
    do not depend on the batch it comes in, within the same tolerance.
    """

    @property
    def title(self) -> str:
        """What a person reads on the About page."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes), float32, of network inputs (B, 3, S, S), float32, B at least 1."""


Prepare = Callable[[nn.Module, str, int, Path | None, Callable[[str], None]], Scorer]
"""(network, digest, size, folder, say) -> its scorer.

``network``: in evaluation mode; it may be scoring meanwhile, so a scorer that changes it takes a
copy.  ``digest`` names the weights; ``size``: side of the input, px.  ``folder``: where a converted
network may be kept, None keeps nothing.  ``say`` hears one sentence for each thing that did not go
as it should.  Raises EngineUnavailable where the engine cannot score this network here.
"""


@dataclass(frozen=True)
class EngineKind:
    """An engine that may score in PyTorch's place; ``choose.ENGINES`` lists all of them.

    ``name``: as XAI_ENGINE gives it.  ``title``: as a person reads it.  ``suits``: whether "auto"
    takes it on a type of device ("cpu", "cuda").
    """

    name: str
    title: str
    suits: Callable[[str], bool]
    prepare: Prepare


@dataclass(frozen=True)
class EngineStatus:
    """What scores at this moment.  ``preparing``: a faster engine is being made ready.

    ``notes``: one sentence per thing that did not go as it should; empty where all is well.
    """

    title: str
    preparing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The whole status in words."""
        more = "; a faster engine is being prepared" if self.preparing else ""
        return " ".join((f"{self.title}{more}.", *self.notes))


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


TOLERANCE = 1e-4  # per logit


def fixed_images(size: int) -> Tensor:
    """Three images in input space, the same on every machine: float32 (3, 3, size, size).

    A ramp, a disc on air, and noise: smooth, edged and rough.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    disc = (np.hypot(x, y - 0.5) < 0.4) * np.float32(2) - 1
    noise = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    grey = torch.from_numpy(np.stack([2 * x + y - 1.5, disc, noise]))
    return grey[:, None].expand(-1, 3, -1, -1).contiguous()


def difference(candidate: Scorer, reference: Scorer, size: int) -> float:
    """The largest difference of any logit on the fixed images, in a batch, and of one alone."""
    images = fixed_images(size)
    wanted = reference(images).float().cpu()
    together = candidate(images).float().cpu()
    alone = candidate(images[-1:]).float().cpu()
    if together.shape != wanted.shape or alone.shape != wanted[-1:].shape:
        return float("inf")
    found = torch.cat([together - wanted, alone - wanted[-1:]]).abs().max()
    return float(found) if torch.isfinite(found) else float("inf")


def check(candidate: Scorer, reference: Scorer, size: int) -> None:
    """Let ``candidate`` pass only where it agrees with ``reference`` on images of ``size`` px.

    Raises:
        EngineUnavailable: a logit differs by more than the tolerance, or is not a number.
    """
    found = difference(candidate, reference, size)
    if not found <= TOLERANCE:
        raise EngineUnavailable(
            f"its scores differ from PyTorch's by {found:.1e}, allowed are {TOLERANCE:.0e}"
        )

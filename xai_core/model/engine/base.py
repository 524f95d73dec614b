"""The interface of an engine, the PyTorch reference, and the parity check of the other engines.

The reference computes operation by operation in float32.  Another engine may score cases only after
:func:`check` found that its logits on fixed images agree with the reference's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

# --- Interface and status ---------------------------------------------------------------------


class EngineUnavailable(Exception):  # internal: users see it only as a note in the engine's status
    """An engine cannot be used; ``str(problem)`` is the reason, a clause without a full stop."""


class Scorer(Protocol):
    """Scores batches of images; safe to call from any thread.

    Every scorer agrees with eager PyTorch in float32 within 1e-4 per logit, and an image's logits
    do not depend on the batch it comes in, within the same tolerance.
    """

    @property
    def title(self) -> str:
        """The engine's name on the About page."""

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
    """The engine in use.  ``title``: its name.  ``preparing``: whether a faster engine is being
    prepared.  ``notes``: one sentence per problem so far.
    """

    title: str
    preparing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The status as one text."""
        more = "; a faster engine is being prepared" if self.preparing else ""
        return " ".join((f"{self.title}{more}.", *self.notes))


# --- The reference ----------------------------------------------------------------------------


class EagerScorer:
    """Eager PyTorch on one device; the network must already be on that device, in evaluation mode
    and in channels-last memory format."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._network, self._device = network, device
        self.title = "PyTorch on the graphics card" if device.type == "cuda" else "PyTorch"
        # TF32 keeps 10 bits of the fraction: logits would change by more than 1e-4.
        if device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False

    def __call__(self, inputs: Tensor) -> Tensor:
        """See :class:`xai_core.model.engine.base.Scorer`."""
        with torch.inference_mode():
            x = inputs.to(self._device, memory_format=torch.channels_last)
            logits: Tensor = self._network(x)
            return logits


# --- Parity check -----------------------------------------------------------------------------

TOLERANCE = 1e-4  # per logit


def fixed_images(size: int) -> Tensor:
    """Three images in input space, the same on every machine: float32 (3, 3, size, size).

    A ramp, a disc on air, and noise: a smooth image, one with an edge, and a rough one.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    disc = (np.hypot(x, y - 0.5) < 0.4) * np.float32(2) - 1
    noise = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    grey = torch.from_numpy(np.stack([2 * x + y - 1.5, disc, noise]))
    return grey[:, None].expand(-1, 3, -1, -1).contiguous()


def difference(candidate: Scorer, reference: Scorer, size: int) -> float:
    """The largest difference of any logit: of the fixed images in one batch, and of the last one
    scored alone.  Infinite where the shapes or a value are wrong."""
    images = fixed_images(size)
    expected = reference(images).float().cpu()
    batched = candidate(images).float().cpu()
    alone = candidate(images[-1:]).float().cpu()
    if batched.shape != expected.shape or alone.shape != expected[-1:].shape:
        return float("inf")
    found = torch.cat([batched - expected, alone - expected[-1:]]).abs().max()
    return float(found) if torch.isfinite(found) else float("inf")


def check(candidate: Scorer, reference: Scorer, size: int) -> None:
    """Check that ``candidate`` agrees with ``reference`` on the fixed images of ``size`` px.

    Raises:
        EngineUnavailable: a logit differs by more than the tolerance, or is not a number.
    """
    found = difference(candidate, reference, size)
    if not found <= TOLERANCE:
        raise EngineUnavailable(
            f"its scores differ from PyTorch's by {found:.1e}, allowed are {TOLERANCE:.0e}"
        )

"""The gate every engine passes before it scores a case: the reference's logits on fixed images."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from xai_core.model.engine.base import EngineUnavailable, Scorer

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

"""What a training run does: its phases, for a budget in minutes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from xai_core.training.network import TIMM_NAME


@dataclass(frozen=True)
class Phase:
    """One phase: ``crop`` px pictures (the whole image where crop == size), annealed contrast.

    ``shrink``: the images are drawn at a ``shrink``-th of the network's input: edges and blobs are
    learned at a quarter of the cost.
    """

    name: str
    crop: int
    batch: int
    steps: int
    minutes: float
    rate: float
    gain: tuple[float, float]  # lesion contrast at the start and at the end of the annealing
    dense_weight: float
    class_weight: float
    naming_weight: float = 0.0
    real: float = 0.0  # share of real images in a batch
    shrink: int = 1


@dataclass(frozen=True)
class Plan:
    """What a run does; kept in the checkpoint and compared on resume."""

    phases: tuple[Phase, ...]
    seed: int = 0
    size: int = 384
    timm_name: str = TIMM_NAME
    ema_decay: float = 0.99
    low_precision: bool = True  # bfloat16 autocast


def plan_for(
    minutes: float, seed: int = 0, gpu: bool = False, steps: int | None = None,
    warm: bool = False, real: bool = False,
) -> Plan:  # fmt: skip
    """The recipe for a budget in minutes: crops about lesions, small at first, then
    whole images.

    ``steps`` ends a phase as well, where given: then a run on the same machine can be repeated.
    ``warm``: the network starts from trained weights, so the contrast is annealed less.  ``real``:
    a share of the images is real.
    """
    steps = steps or 100_000
    often = 2 if gpu else 1
    first = 1.5 if warm else 2.5
    return Plan(
        (
            Phase("small lesions", 64, 64 * often, steps, 0.3 * minutes, 2e-3, (first, 1.2), 0.6,
                  1.0, 1.0, 0.04 * real, 2),
            Phase("lesions", 128, 24 * often, steps, 0.42 * minutes, 1e-3, (1.2, 1.0), 0.5, 1.0,
                  1.0, 0.06 * real),
            Phase("images", 384, 8 * often, steps, 0.28 * minutes, 5e-4, (1.0, 1.0), 0.4, 1.0, 0.4,
                  0.1 * real),
        ),
        seed,
        low_precision=gpu or has_bfloat16(),
    )  # fmt: skip


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: emulated, it is ten times slower."""
    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16"))
